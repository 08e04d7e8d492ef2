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

/** What decides a count; of GPTs, also how their layers attend. */
export type CountedModel = Pick<
  ModelConfig,
  'layers' | 'hiddenSize' | 'intermediateSize' | 'vocabularySize'
> & { readonly attention?: readonly { readonly window: number | null }[] };

/**
 * Integrated gradients over all layers for one prompt of `tokens` tokens, after the non-linearity; in a causal model with the
 * steps of all layers in one batch. A step at alpha = 1 is one pass for all layers.
 * Gradient times activation is one step of `riemann_right`.
 * @param model with `attention` for a causal one
 */
export function countOperations(
  model: CountedModel,
  tokens: number,
  rule: Rule,
  steps: number,
): OperationCount {
  const { alphas } = quadrature(rule, steps);
  const whole = alphas.filter(alpha => alpha === 1).length;
  const changed = alphas.length - whole;
  const { trace, forward, backward } = model.attention
    ? countCausal(model, model.attention, tokens, changed, whole)
    : countMasked(model, tokens, changed, whole);
  return { trace, forward, backward, total: trace + forward + backward };
}

type Counted = Omit<OperationCount, 'total'>;

const product = (n: number, k: number, m: number) => 2 * n * k * m;

function parts({ hiddenSize: hidden, intermediateSize: intermediate, vocabularySize }: CountedModel) {
  return {
    projection: (rows: number) => product(rows, hidden, hidden),
    network: (rows: number) => 2 * product(rows, hidden, intermediate),
    fromActivations: (rows: number) => product(rows, intermediate, hidden),
    vocabulary: (rows: number) => product(rows, hidden, vocabularySize),
    /** Q K^T and A V. */
    scores: (queries: number, keys: number, samples: number) => 2 * samples * product(queries, hidden, keys),
  };
}

function countMasked(model: CountedModel, tokens: number, changed: number, whole: number): Counted {
  const { projection, network, fromActivations, vocabulary, scores } = parts(model);
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
    let linear = fromActivations(steps) + transform(steps) + vocabulary(steps); // one product backward
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
  const passes = Array.from({ length: model.layers }, (_, from) => pass(from, changed));
  passes.push(pass(0, whole));
  const forward = passes.reduce((sum, { forward }) => sum + forward, 0);
  const backward = passes.reduce((sum, { backward }) => sum + backward, 0);
  return { trace, forward, backward };
}

function countCausal(
  model: CountedModel,
  attends: readonly { readonly window: number | null }[],
  tokens: number,
  changed: number,
  whole: number,
): Counted {
  const { projection, network, fromActivations, vocabulary, scores } = parts(model);
  const last = model.layers - 1;

  let trace = 0;
  for (let layer = 0; layer < model.layers; layer++) {
    const queries = layer === last ? 1 : tokens;
    trace += 3 * projection(tokens) + projection(queries) + scores(queries, tokens, 1) + network(queries);
  }
  const rowsAfter = (layer: number) => whole + changed * (layer + 1);
  let through = vocabulary(rowsAfter(last));
  for (let layer = 1; layer < model.layers; layer++) {
    const rows = rowsAfter(layer - 1);
    const { window } = attends[layer];
    const earlier = Math.min(tokens - 1, window === null ? tokens : window - 1);
    // The traced keys and values get no gradient: one product backward for each of attention's two.
    through += 4 * projection(rows) + network(rows) + scores(1, earlier, rows);
  }
  // What a layer's steps begin with is linear in alpha: nothing forward, and backward their sum.
  return { trace, forward: through, backward: through + model.layers * fromActivations(1) };
}
