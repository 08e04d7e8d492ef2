import type { LayerEstimate } from '../attribution/layer-estimate.js';
import { areSilent, everyLayerExactly, type Undecided } from '../attribution/undecided.js';
import { type CoarseThreshold, percentileOf } from './coarse.js';

/**
 * Two ways to the same score differ by as much in float32, as a share of the layer's largest: at most 1.7e-5 in one of 1,208 layers of
 * a trained model's prompts (docs/quadrature.md). Nearer to the threshold the rule itself decides, as it does without interpolation.
 */
export const ROUNDING = 2 ** -16;

/** The layers that must be known better before it is sure which neurons are coarse. */
export function undecidedNeurons(threshold: CoarseThreshold): Undecided {
  return layers => {
    if (areSilent(layers)) return everyLayerExactly(layers);
    const bars = layers.map(barOf);
    const between = thresholdBetween(layers, bars, threshold);
    const half = (between.most - between.least) / 2;
    const wanted = new Set<number>();
    let isSure = true;
    layers.forEach((layer, index) => {
      if (!mayReach(layer, bars[index], between)) return;
      isSure = false;
      // Whichever of the two is known worse, and both where they are alike.
      if (bars[index] >= half / 2) wanted.add(index);
      if (half >= bars[index] / 2) for (const deciding of between.decidedBy) wanted.add(deciding);
    });
    if (isSure) return new Map();
    const open = [...wanted].filter(index => !layers[index].exact).sort((a, b) => a - b);
    if (open.length === 0) return everyLayerExactly(layers);
    return new Map(
      open.map(index => [
        index,
        layers[index].bar > ROUNDING * layers[index].largest ? 'further' : 'exactly',
      ]),
    );
  };
}

function barOf({ bar, largest, exact }: LayerEstimate): number {
  return exact ? 0 : bar + ROUNDING * largest;
}

/** Where the threshold is. */
interface Between {
  readonly least: number;
  readonly most: number;
  /** The layers that it may be made by, beside those of the neurons near it. */
  readonly decidedBy: readonly number[];
}

function thresholdBetween(
  layers: readonly LayerEstimate[],
  bars: readonly number[],
  { kind, value }: CoarseThreshold,
): Between {
  switch (kind) {
    case 'absolute':
      return { least: value, most: value, decidedBy: [] };
    case 'adaptive': {
      const highest = layers.map(({ scores }) =>
        scores.reduce((max, score) => Math.max(max, score), Number.NEGATIVE_INFINITY),
      );
      const least = Math.max(...highest.map((score, layer) => score - bars[layer]));
      const most = Math.max(...highest.map((score, layer) => score + bars[layer]));
      const decidedBy = [...layers.keys()].filter(layer => highest[layer] + bars[layer] >= least);
      const [a, b] = [value * least, value * most];
      return { least: Math.min(a, b), most: Math.max(a, b), decidedBy };
    }
    case 'percentile': {
      const moved = (sign: number) =>
        percentileOf(
          layers.map(({ scores }, layer) => scores.map(score => score + sign * bars[layer])),
          value,
        );
      const [least, most] = [moved(-1), moved(1)];
      const decidedBy = [...layers.keys()].filter(
        layer => bars[layer] > 0 && mayReach(layers[layer], bars[layer], { least, most }),
      );
      return { least, most, decidedBy };
    }
  }
}

/** Whether some neuron of a layer may be on either side of the threshold. */
function mayReach(
  { scores }: LayerEstimate,
  bar: number,
  { least, most }: Pick<Between, 'least' | 'most'>,
): boolean {
  if (bar === 0 && least === most) return false;
  return scores.some(score => score + bar >= least && score - bar <= most);
}
