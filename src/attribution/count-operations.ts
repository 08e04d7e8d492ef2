/**
 * How many floating-point operations the matrix products of one prompt's integrated gradients take, a product
 * [n, k] x [k, m] being 2 n k m. It counts what the rule "never compute what an intervention cannot reach" leaves over; a
 * test holds it equal to the products that really run. Everything that is no matrix product (non-linearities,
 * normalisation, softmax, the new token's own key and value in a causal model) is left out, so time spent there lowers the
 * share that the benchmark prints.
 */
import type { ModelConfig } from '../model/config.js';
import { quadrature, type Rule } from './rules.js';

export interface OperationCount {
  /** The traced pass. */
  readonly trace: number;
  /** All passes that start at some layer's activations. */
  readonly forward: number;
  readonly backward: number;
  readonly total: number;
}

/** What decides a count; of causal models, also how their layers attend, and whether their networks have a gate. */
export type CountedModel = Pick<
  ModelConfig,
  'layers' | 'hiddenSize' | 'intermediateSize' | 'vocabularySize'
> & {
  readonly attention?: readonly { readonly window: number | null }[];
  readonly gated?: boolean;
  /** Default: the hidden size's worth of heads, which share nothing. */
  readonly heads?: number;
  readonly keyValueHeads?: number;
  readonly headSize?: number;
};

/**
 * Integrated gradients over all layers for one prompt of `tokens` tokens, after the non-linearity. A step at alpha = 1 is one
 * pass for all layers. Gradient times activation is one step of `riemann_right`.
 * @param model with `attention` for a causal one
 */
export function countOperations(
  model: CountedModel,
  tokens: number,
  rule: Rule,
  steps: number,
): OperationCount {
  const { alphas } = quadrature(rule, steps);
  const inner = alphas.filter(alpha => alpha !== 1).length;
  return countPoints(
    model,
    tokens,
    Array.from({ length: model.layers }, () => inner),
    inner < alphas.length,
  );
}

/**
 * Gradients at any number of points of each layer's path, all in one pass, as `path-gradients.ts` computes them.
 * @param whole whether the pass in which nothing is replaced goes along
 */
export function countPoints(
  model: CountedModel,
  tokens: number,
  pointsOfLayer: readonly number[],
  whole: boolean,
): OperationCount {
  // That pass begins in the first layer.
  const begun = pointsOfLayer.map((points, layer) => points + (whole && layer === 0 ? 1 : 0));
  const { trace, forward, backward } = model.attention
    ? countCausal(model, model.attention, tokens, begun)
    : countMasked(model, tokens, begun);
  return { trace, forward, backward, total: trace + forward + backward };
}

type Counted = Omit<OperationCount, 'total'>;

const product = (n: number, k: number, m: number) => 2 * n * k * m;

function parts(model: CountedModel) {
  const { hiddenSize: hidden, intermediateSize: intermediate, vocabularySize, gated } = model;
  const { heads = 1, keyValueHeads = heads, headSize = hidden } = model.headSize ? model : {};
  const [queries, keysOrValues] = [heads * headSize, keyValueHeads * headSize];
  return {
    projection: (rows: number) => product(rows, hidden, queries),
    keyOrValue: (rows: number) => product(rows, hidden, keysOrValues),
    network: (rows: number) => (gated ? 3 : 2) * product(rows, hidden, intermediate),
    contributions: (rows: number) => product(rows, intermediate, hidden),
    vocabulary: (rows: number) => product(rows, hidden, vocabularySize),
    /** Q K^T and A V. */
    scores: (asking: number, keys: number, samples: number) => 2 * samples * product(asking, queries, keys),
  };
}

function countMasked(model: CountedModel, tokens: number, begun: readonly number[]): Counted {
  const { projection, network, contributions, vocabulary, scores } = parts(model);
  const last = model.layers - 1;
  const queriesIn = (layer: number) => (layer === last ? 1 : tokens);
  const transform = projection;

  let trace = transform(1);
  for (let layer = 0; layer < model.layers; layer++) {
    const queries = queriesIn(layer);
    trace += 2 * projection(queries) + 2 * projection(tokens) + scores(queries, tokens, 1) + network(queries);
  }
  // Of `steps` samples, from the activations of a layer to the answer's probability.
  const pass = (from: number, steps: number) => {
    let linear = contributions(steps) + transform(steps) + vocabulary(steps); // one product backward
    let attention = 0; // Q K^T and A V, each two products backward
    for (let layer = from + 1; layer < model.layers; layer++) {
      const queries = queriesIn(layer) * steps;
      const first = layer === from + 1;
      linear += first ? 3 * projection(steps) : projection(queries) + 2 * projection(tokens * steps);
      linear += projection(queries) + network(queries);
      attention += scores(queriesIn(layer), tokens, steps);
    }
    return { forward: linear + attention, backward: linear + 2 * attention };
  };
  const passes = begun.map((steps, from) => pass(from, steps));
  const forward = passes.reduce((sum, { forward }) => sum + forward, 0);
  const backward = passes.reduce((sum, { backward }) => sum + backward, 0);
  return { trace, forward, backward };
}

function countCausal(
  model: CountedModel,
  attends: readonly { readonly window: number | null }[],
  tokens: number,
  begun: readonly number[],
): Counted {
  const { projection, keyOrValue, network, contributions, vocabulary, scores } = parts(model);
  const last = model.layers - 1;

  let trace = 0;
  for (let layer = 0; layer < model.layers; layer++) {
    const queries = layer === last ? 1 : tokens;
    trace += projection(tokens) + 2 * keyOrValue(tokens) + projection(queries);
    trace += scores(queries, tokens, 1) + network(queries);
  }
  let rows = begun[0];
  let through = contributions(rows);
  for (let layer = 1; layer < model.layers; layer++) {
    const { window } = attends[layer];
    const earlier = Math.min(tokens - 1, window === null ? tokens : window - 1);
    // The traced keys and values get no gradient: one product backward for each of attention's two.
    through += 2 * projection(rows) + 2 * keyOrValue(rows) + network(rows);
    through += scores(1, earlier, rows) + contributions(begun[layer]);
    rows += begun[layer];
  }
  through += vocabulary(rows);
  return { trace, forward: through, backward: through };
}
