/**
 * How many floating-point operations the matrix products of one prompt's attribution take, a product
 * [n, k] x [k, m] being 2 n k m. It counts what DESIGN's rule "never compute what an intervention cannot reach"
 * leaves over; a test holds it equal to the products that really run. Everything that is no matrix product
 * (GELU, normalisation, softmax) is left out, so time spent there lowers the share that the benchmark prints.
 */

import { quadrature, type Rule } from './rules.js';

export interface ModelMeasures {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly vocabularySize: number;
}

export interface OperationCount {
  /** The traced pass. */
  readonly trace: number;
  /** All passes that start at some layer's activations. */
  readonly forward: number;
  readonly backward: number;
  readonly total: number;
}

const product = (n: number, k: number, m: number) => 2 * n * k * m;

/**
 * Integrated gradients over all layers of a BERT, for one prompt of `tokens` tokens. A step at alpha = 1 is one pass for all
 * layers. Gradient times activation is one step of `riemann_right`.
 */
export function countOperations(
  model: ModelMeasures,
  tokens: number,
  rule: Rule,
  steps: number,
): OperationCount {
  const { layers, hiddenSize: hidden, intermediateSize: intermediate, vocabularySize } = model;
  const last = layers - 1;
  const projection = (rows: number) => product(rows, hidden, hidden);
  const network = (rows: number) => 2 * product(rows, hidden, intermediate);
  const scores = (queries: number, samples: number) => 2 * samples * product(queries, hidden, tokens);
  /** What follows the projections in a layer that computes `queries` rows a sample. */
  const rest = (queries: number, samples: number) =>
    projection(queries * samples) + network(queries * samples);
  const transform = (samples: number) => projection(samples);
  const vocabulary = (samples: number) => product(samples, hidden, vocabularySize);

  const queriesIn = (layer: number) => (layer === last ? 1 : tokens);
  let trace = transform(1);
  for (let layer = 0; layer < layers; layer++) {
    const queries = queriesIn(layer);
    trace += projection(queries) + 2 * projection(tokens) + scores(queries, 1) + rest(queries, 1);
  }

  // Of passes with so many steps that start at a layer's activations.
  let linear = 0; // products whose backward pass is one product
  let attention = 0; // pairs of products (Q K^T and A V) whose backward pass is two pairs
  const passFrom = (from: number, steps: number) => {
    linear += product(steps, intermediate, hidden) + transform(steps) + vocabulary(steps);
    for (let layer = from + 1; layer < layers; layer++) {
      const queries = queriesIn(layer);
      const first = layer === from + 1;
      linear += first ? 3 * projection(steps) : projection(queries * steps) + 2 * projection(tokens * steps);
      linear += rest(queries, steps);
      attention += scores(queries, steps);
    }
  };
  const { alphas } = quadrature(rule, steps);
  const whole = alphas.filter(alpha => alpha === 1).length;
  for (let from = 0; from < layers; from++) passFrom(from, steps - whole);
  passFrom(0, whole);
  const forward = linear + attention;
  const backward = linear + 2 * attention;
  return { trace, forward, backward, total: trace + forward + backward };
}
