/** How far off each level's scores are from the rule's, and how far they said they may be. */
import { estimateLayer, type KnownNodes, levelWeights } from '../../src/attribution/layer-estimate.js';
import { type Level, levelsFor, nodesOf, placesOf } from '../../src/attribution/levels.js';
import {
  gradientsAlongPaths,
  type PathPoint,
  type PointGradient,
} from '../../src/attribution/path-gradients.js';
import type { Quadrature } from '../../src/attribution/rules.js';
import type { LanguageModel, Site } from '../../src/model/language-model.js';
import { promptBatches } from '../../src/model/prompt-batches.js';
import type { Query } from '../../src/model/tokenizer/tokenizer.js';
import { ROUNDING } from '../../src/neurons/undecided.js';

/** One layer of one prompt at one level. */
export interface BarOfLevel {
  readonly layer: number;
  readonly level: Level;
  /** max |S_n - S| over the layer's neurons, as a share of the prompt's highest score. */
  readonly error: number;
  /** The same, of the layer's own highest. */
  readonly ofLayer: number;
  /** The bar, of the layer's highest. */
  readonly bar: number;
  /** The bar, as `error` is: of the prompt's highest. */
  readonly allowed: number;
  /**
   * The error over the bar, without what float32 may have to do with it: what the choice of neurons allows for that is taken off
   * the error first.
   */
  readonly ofBar: number;
}

/** All nodes, and those steps of the rule that are none of them, of each layer. */
export async function barsOfFact(
  model: LanguageModel,
  queries: readonly Query[],
  rule: Quadrature,
  site: Site,
): Promise<BarOfLevel[]> {
  const levels = levelsFor(rule);
  if (levels.length === 0) return [];
  const nodes = nodesOf(levels[levels.length - 1]);
  const places = placesOf(nodes.length);
  const weights = levelWeights(rule);
  const alphas = [...nodes, ...rule.alphas].filter(alpha => alpha !== 1);
  const bars: BarOfLevel[] = [];
  for (const { batch, indices } of promptBatches(model, queries)) {
    const points: PathPoint[] = indices.flatMap((_, prompt) =>
      Array.from({ length: model.layers }, (_, layer) =>
        alphas.map(alpha => ({ layer, prompt, alpha })),
      ).flat(),
    );
    const answers = indices.map(index => queries[index].answer);
    const asked = { points, whole: true };
    const { points: gradients, whole } = await gradientsAlongPaths(model, batch, answers, asked, { site });
    indices.forEach((_, prompt) => {
      const layers = Array.from({ length: model.layers }, (_, layer) => {
        const first = (prompt * model.layers + layer) * alphas.length;
        const own = gradients.slice(first, first + alphas.length);
        const one = whole?.[prompt];
        if (!one) throw new RangeError('alpha = 1 was asked for');
        const atOne = { probability: one.probability, gradient: one.gradients[layer] };
        const known: (PointGradient | undefined)[] = [];
        nodes.forEach((_, j) => {
          known[places[j]] = own[j] && j < nodes.length - 1 ? own[j] : atOne;
        });
        return { known, exact: sumOf(rule, [...own.slice(nodes.length - 1), atOne]) };
      });
      bars.push(...barsOfPrompt(layers, levels, weights));
    });
  }
  return bars;
}

/** sum_k w_k g(alpha_k), in doubles. @param gradients the last is at alpha = 1, whether the rule has it or not */
function sumOf({ weights }: Quadrature, gradients: readonly PointGradient[]): Float64Array {
  const sum = new Float64Array(gradients[0].gradient.length);
  weights.forEach((weight, k) => {
    gradients[k].gradient.forEach((g, n) => {
      sum[n] += weight * g;
    });
  });
  return sum;
}

/** What is known of one layer: its nodes, and the rule's own scores. */
export interface KnownLayer {
  readonly known: KnownNodes;
  readonly exact: Float64Array;
}

export function barsOfPrompt(
  layers: readonly KnownLayer[],
  levels: readonly Level[],
  weights: ReturnType<typeof levelWeights>,
): BarOfLevel[] {
  const largest = layers.map(({ exact }) => largestOf(exact));
  const highest = Math.max(...largest);
  if (highest === 0) return [];
  return layers.flatMap(({ known, exact }, layer) =>
    levels.map(level => {
      const { scores, bar, largest: ofEstimate } = estimateLayer(known, level, weights);
      const error = largestOf(exact.map((score, n) => score - scores[n]));
      const beyondRounding = Math.max(0, error - ROUNDING * ofEstimate);
      return {
        ...{
          layer,
          level,
          error: error / highest,
          ofLayer: error / largest[layer],
          bar: bar / largest[layer],
          allowed: bar / highest,
        },
        ofBar: beyondRounding === 0 ? 0 : beyondRounding / bar,
      };
    }),
  );
}

function largestOf(scores: Float64Array): number {
  return scores.reduce((max, score) => Math.max(max, Math.abs(score)), 0);
}
