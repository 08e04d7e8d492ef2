import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';
import { affine, type LinearWeights } from './linear.js';
import { enterTransposed, leaveTransposed, throughTransposed } from './transposed-product.js';

/** What the rows of an attention's matrices stand for: row t * samples + n is token t of sample n. */
export interface AttentionShape {
  readonly samples: number;
  readonly heads: number;
  /** Scores are multiplied by it: 1 / sqrt(head size) in BERT. */
  readonly scale: number;
  /** [queries, keys], added to the scores: where it is very low, a query does not see a key. */
  readonly mask?: tf.Tensor2D;
}

/** [tokens * samples, heads * size] -> [samples, heads, tokens, size] */
function splitHeads(x: tf.Tensor, { samples, heads }: AttentionShape): tf.Tensor4D {
  const [rows, hidden] = x.shape;
  return tf.transpose(tf.reshape(x, [rows / samples, samples, heads, hidden / heads]), [1, 2, 0, 3]);
}

/** [samples, heads, tokens, size] -> [tokens * samples, heads * size] */
function joinHeads(x: tf.Tensor4D): tf.Tensor2D {
  const [samples, heads, tokens, size] = x.shape;
  return tf.reshape(tf.transpose(x, [2, 0, 1, 3]), [tokens * samples, heads * size]);
}

/** The projections of an attention's input, each [hidden, hidden]. */
export type AttentionWeights = {
  readonly query: LinearWeights;
  readonly key: LinearWeights;
  readonly value: LinearWeights;
};

/**
 * Multi-head scaled dot-product attention, every token on every token (Vaswani et al., 2017, eq. 1):
 * softmax(scale Q K^T) V for each head. Queries may be fewer than keys: the last layer asks for one row alone.
 * @param query [queries * samples, hidden]
 * @param key [tokens * samples, hidden]
 * @param value [tokens * samples, hidden]
 * @returns [queries * samples, hidden]
 */
export function attention(
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  value: tf.Tensor2D,
  shape: AttentionShape,
): tf.Tensor2D {
  return differentiable([query, key, value], save => ({
    value: attend(query, key, value, shape, save),
    gradient: (dy, saved) => attendGradients(dy, saved, shape),
  }));
}

/**
 * {@link attention} of x to itself, by the projections in `weights`: one operation, so that its backward pass sums
 * the three ways back to x before the tape sees them.
 * @param x [tokens * samples, hidden]
 * @param asking how many rows of x, from the top, ask a query
 * @returns [asking, hidden]
 */
export function selfAttention(
  x: tf.Tensor2D,
  { query, key, value }: AttentionWeights,
  asking: number,
  shape: AttentionShape,
): tf.Tensor2D {
  const [rows, hidden] = x.shape;
  return differentiable([x], save => {
    const asked = asking === rows ? x : tf.slice(x, [0, 0], [asking, hidden]);
    return {
      value: attend(affine(asked, query), affine(x, key), affine(x, value), shape, save),
      gradient: (dy, saved) => {
        const [dQuery, dKey, dValue] = attendGradients(dy, saved, shape);
        const back = (d: tf.Tensor2D, { weight }: LinearWeights) =>
          leaveTransposed(throughTransposed(weight, enterTransposed(d)));
        const toAsked = back(dQuery, query);
        const below: [number, number] = [0, rows - asking];
        return [
          tf.add(
            tf.add(back(dKey, key), back(dValue, value)),
            asking === rows ? toAsked : tf.pad(toAsked, [below, [0, 0]]),
          ),
        ];
      },
    };
  });
}

/**
 * {@link attention} with queries, keys and values side by side.
 * @param inputs [tokens * samples, 3 hidden]
 * @param asking how many rows, from the top, ask a query
 * @returns [asking, hidden]
 */
export function joinedAttention(inputs: tf.Tensor2D, asking: number, shape: AttentionShape): tf.Tensor2D {
  const [rows, width] = inputs.shape;
  const hidden = width / 3;
  return differentiable([inputs], save => {
    const part = (index: number, count: number): tf.Tensor2D =>
      tf.slice(inputs, [0, index * hidden], [count, hidden]);
    return {
      value: attend(part(0, asking), part(1, rows), part(2, rows), shape, save),
      gradient: (dy, saved) => {
        const [dQuery, dKey, dValue] = attendGradients(dy, saved, shape);
        const below: [number, number] = [0, rows - asking];
        const dAsked = asking === rows ? dQuery : tf.pad(dQuery, [below, [0, 0]]);
        return [tf.concat([dAsked, dKey, dValue], 1)];
      },
    };
  });
}

function attend(
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  value: tf.Tensor2D,
  shape: AttentionShape,
  save: (tensors: tf.Tensor[]) => void,
): tf.Tensor2D {
  const q = splitHeads(query, shape); // (N, h, Tq, d)
  const k = splitHeads(key, shape); // (N, h, T, d)
  const v = splitHeads(value, shape); // (N, h, T, d)
  const scores: tf.Tensor4D = tf.mul(tf.matMul(q, k, false, true), shape.scale); // (N, h, Tq, T)
  const weights: tf.Tensor4D = tf.softmax(shape.mask ? tf.add(scores, shape.mask) : scores);
  save([q, k, v, weights]);
  return joinHeads(tf.matMul(weights, v));
}

/** Those of query, key and value, from what {@link attend} saved. */
function attendGradients(
  dy: tf.Tensor2D,
  [q, k, v, weights]: tf.Tensor[],
  shape: AttentionShape,
): [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D] {
  const dContext = splitHeads(dy, shape); // (N, h, Tq, d)
  const dWeights = tf.matMul(dContext, v, false, true); // (N, h, Tq, T)
  const weighted = tf.mul(dWeights, weights);
  const dScores = tf.mul(tf.sub(weighted, tf.mul(weights, tf.sum(weighted, -1, true))), shape.scale);
  return [
    joinHeads(tf.matMul(dScores, k)),
    joinHeads(tf.matMul(dScores, q, true, false)),
    joinHeads(tf.matMul(weights, dContext, true, false)),
  ];
}
