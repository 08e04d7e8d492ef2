import type { LayerEstimate } from '../attribution/layer-estimate.js';
import { areSilent, everyLayerExactly, type Undecided } from '../attribution/undecided.js';
import { type CoarseThreshold, percentileOf } from './coarse.js';

/**
 * As a share of the layer's largest score. Two ways to the same score differ in float32 by up to 1.7e-5 of it, in 2,464 layers of a
 * trained model's prompts (docs/quadrature.md). Nearer to the threshold the rule itself decides, as it does without interpolation.
 */
export const ROUNDING = 2 ** -15;

/** The layers that must be known better before it is sure which neurons are coarse. */
export function undecidedNeurons(threshold: CoarseThreshold): Undecided {
  return layers => {
    if (areSilent(layers)) return everyLayerExactly(layers);
    const unknown = [...layers.keys()].filter(layer => layers[layer].bar === Number.POSITIVE_INFINITY);
    // Where a layer may have any scores, so may the threshold be anywhere.
    if (unknown.length > 0) return new Map(unknown.map(layer => [layer, 'further' as const]));
    const bars = layers.map(barOf);
    const between = thresholdBetween(layers, bars, threshold);
    const half = (between.most - between.least) / 2;
    const wanted = new Set<number>();
    layers.forEach((layer, index) => {
      if (!mayReach(layer, bars[index], between)) return;
      // Whichever of the two is known worse, and both where they are alike.
      if (bars[index] >= half / 2) wanted.add(index);
      if (half >= bars[index] / 2) for (const deciding of between.decidedBy) wanted.add(deciding);
    });
    const open = [...wanted].filter(index => !layers[index].exact).sort((a, b) => a - b);
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
      // It lies between two scores, so that their order alone decides which are above it: where each is surely on its side of where it
      // seems to be, as many are above.
      const seeming = percentileOf(
        layers.map(({ scores }) => scores),
        value,
      );
      return { least: seeming, most: seeming, decidedBy: [] };
    }
  }
}

/** Whether some neuron of a layer may be on either side of the threshold. */
function mayReach(
  { scores }: LayerEstimate,
  bar: number,
  { least, most }: Pick<Between, 'least' | 'most'>,
): boolean {
  return scores.some(score => score + bar >= least && score - bar <= most);
}
