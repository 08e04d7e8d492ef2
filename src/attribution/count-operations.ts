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
 * Integrated gradients over all layers for one prompt of `tokens` tokens. In a masked model a step at alpha = 1 is one pass for
 * all layers; in a causal one, where that pass would be a row alone, it goes with the other steps.
 * Gradient times activation is one step of `riemann_right`.
 * @param model with `attention` for a causal one
 */
export function countOperations(
  model: CountedModel,
  tokens: number,
  rule: Rule,
  steps: number,
): OperationCount {
  const { trace, pass } = model.attention
    ? countCausal(model, model.attention, tokens)
    : countMasked(model, tokens);
  const whole = model.attention ? 0 : quadrature(rule, steps).alphas.filter(alpha => alpha === 1).length;
  const passes = Array.from({ length: model.layers }, (_, from) => pass(from, steps - whole));
  passes.push(pass(0, whole));
  const forward = passes.reduce((sum, { forward }) => sum + forward, 0);
  const backward = passes.reduce((sum, { backward }) => sum + backward, 0);
  return { trace, forward, backward, total: trace + forward + backward };
}

interface Counted {
  readonly trace: number;
  /** Of `steps` samples, from the activations of a layer to the answer's probability. */
  readonly pass: (from: number, steps: number) => { forward: number; backward: number };
}

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

function countMasked(model: CountedModel, tokens: number): Counted {
  const { projection, network, fromActivations, vocabulary, scores } = parts(model);
  const last = model.layers - 1;
  const queriesIn = (layer: number) => (layer === last ? 1 : tokens);
  const transform = projection;

  let trace = transform(1);
  for (let layer = 0; layer < model.layers; layer++) {
    const queries = queriesIn(layer);
    trace += 2 * projection(queries) + 2 * projection(tokens) + scores(queries, tokens, 1) + network(queries);
  }
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
  return { trace, pass };
}

function countCausal(
  model: CountedModel,
  attends: readonly { readonly window: number | null }[],
  tokens: number,
): Counted {
  const { projection, network, fromActivations, vocabulary, scores } = parts(model);
  const last = model.layers - 1;

  let trace = 0;
  for (let layer = 0; layer < model.layers; layer++) {
    const queries = layer === last ? 1 : tokens;
    trace += 3 * projection(tokens) + projection(queries) + scores(queries, tokens, 1) + network(queries);
  }
  const pass = (from: number, steps: number) => {
    let linear = fromActivations(steps) + vocabulary(steps);
    let attention = 0; // with the traced keys and values, which get no gradient: one product backward
    for (let layer = from + 1; layer < model.layers; layer++) {
      const { window } = attends[layer];
      const earlier = Math.min(tokens - 1, window === null ? tokens : window - 1);
      linear += 4 * projection(steps) + network(steps);
      attention += scores(1, earlier, steps);
    }
    return { forward: linear + attention, backward: linear + attention };
  };
  return { trace, pass };
}
