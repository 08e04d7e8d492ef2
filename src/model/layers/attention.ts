import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';
import { hasFused, runFused } from './fused.js';
import { affine, type LinearWeights } from './linear.js';
import { enterTransposed, leaveTransposed, throughTransposed } from './weight-product.js';

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
export function splitHeads(
  x: tf.Tensor,
  { samples, heads }: Pick<AttentionShape, 'samples' | 'heads'>,
): tf.Tensor4D {
  const [rows, hidden] = x.shape;
  return tf.transpose(tf.reshape(x, [rows / samples, samples, heads, hidden / heads]), [1, 2, 0, 3]);
}

/**
 * Several such matrices that lie side by side: queries, keys and values.
 * @param inputs [tokens * samples, parts heads size]
 * @returns [samples, heads, tokens, size] each
 */
export function splitJoinedHeads(
  inputs: tf.Tensor2D,
  { samples, heads }: Pick<AttentionShape, 'samples' | 'heads'>,
  parts: number,
): tf.Tensor4D[] {
  const [rows, width] = inputs.shape;
  const ofParts = tf.reshape<tf.Rank.R5>(inputs, [
    rows / samples,
    samples,
    parts,
    heads,
    width / (parts * heads),
  ]);
  const isOfHeads = (x: tf.Tensor): x is tf.Tensor4D => x.rank === 4;
  return tf.unstack(tf.transpose(ofParts, [2, 1, 3, 0, 4])).filter(isOfHeads);
}

/** [samples, heads, tokens, size] -> [tokens * samples, heads * size] */
export function joinHeads(x: tf.Tensor4D): tf.Tensor2D {
  const [samples, heads, tokens, size] = x.shape;
  return tf.reshape(tf.transpose(x, [2, 0, 1, 3]), [tokens * samples, heads * size]);
}

/** The projections of an attention's input. Keys and values are asked of every row, queries of some: those are apart. */
export type AttentionWeights = {
  /** [hidden, hidden] */
  readonly query: LinearWeights;
  /** Keys and values side by side, [hidden, 2 hidden]. */
  readonly keyValue: LinearWeights;
};

/**
 * Multi-head scaled dot-product attention, every token on every token (Vaswani et al., 2017, eq. 1):
 * softmax(scale Q K^T) V for each head. Queries may be fewer than keys: the last layer asks for one row alone.
 * @param query [queries * samples, hidden]
 * @param keyValue [tokens * samples, 2 hidden]
 * @returns [queries * samples, hidden]
 */
export function attention(query: tf.Tensor2D, keyValue: tf.Tensor2D, shape: AttentionShape): tf.Tensor2D {
  return differentiable([query, keyValue], save => ({
    value: attend(query, keyValue, shape, save),
    gradient: (dy, saved) => attendGradients(dy, saved, shape),
  }));
}

/**
 * {@link attention} of x to itself, by the projections in `weights`: one operation, so that its backward pass sums
 * the ways back to x before the tape sees them.
 * @param x [tokens * samples, hidden]
 * @param asking how many rows of x, from the top, ask a query
 * @returns [asking, hidden]
 */
export function selfAttention(
  x: tf.Tensor2D,
  { query, keyValue }: AttentionWeights,
  asking: number,
  shape: AttentionShape,
): tf.Tensor2D {
  const [rows, hidden] = x.shape;
  return differentiable([x], save => {
    const asked = asking === rows ? x : tf.slice(x, [0, 0], [asking, hidden]);
    return {
      value: attend(affine(asked, query), affine(x, keyValue), shape, save),
      gradient: (dy, saved) => {
        const [dQuery, dKeyValue] = attendGradients(dy, saved, shape);
        const back = (d: tf.Tensor2D, weights: LinearWeights) =>
          leaveTransposed(throughTransposed(weights, enterTransposed(d)));
        const toAsked = back(dQuery, query);
        const below: [number, number] = [0, rows - asking];
        return [
          tf.add(back(dKeyValue, keyValue), asking === rows ? toAsked : tf.pad(toAsked, [below, [0, 0]])),
        ];
      },
    };
  });
}

/** Saves four tensors, or three by the engine's own kernel, which works on the rows as they are. */
function attend(
  query: tf.Tensor2D,
  keyValue: tf.Tensor2D,
  shape: AttentionShape,
  save: (tensors: tf.Tensor[]) => void,
): tf.Tensor2D {
  const { samples, heads, scale, mask } = shape;
  if (!mask && hasFused('KnAttention')) {
    const [context, weights] = runFused('KnAttention', { query, keyValue }, { samples, heads, scale });
    save([query, keyValue, weights]);
    return context;
  }
  const q = splitHeads(query, shape);
  const [k, v] = splitJoinedHeads(keyValue, shape, 2);
  const { context, weights } = attendHeads(q, k, v, shape);
  save([q, k, v, weights]);
  return joinHeads(context);
}

/** Those of query and keyValue, from what {@link attend} saved. */
function attendGradients(dy: tf.Tensor2D, saved: tf.Tensor[], shape: AttentionShape): tf.Tensor2D[] {
  if (saved.length === 3) {
    const [query, keyValue, weights] = saved;
    const { samples, heads, scale } = shape;
    const inputs = { dContext: dy, query, keyValue, weights };
    return runFused('KnAttentionGrad', inputs, { samples, heads, scale });
  }
  const [dQuery, dKey, dValue] = gradientsOfHeads(splitHeads(dy, shape), saved, shape).map(joinHeads);
  return [dQuery, tf.concat([dKey, dValue], 1)];
}

/**
 * softmax(scale Q K^T) V, head by head, without a gradient: a part of operations that have one.
 * @param q (N, h, Tq, d)
 * @param k (N, h, T, d)
 * @param v (N, h, T, d)
 * @returns context (N, h, Tq, d), weights (N, h, Tq, T)
 */
export function attendHeads(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  { scale, mask }: Pick<AttentionShape, 'scale' | 'mask'>,
): { context: tf.Tensor4D; weights: tf.Tensor4D } {
  const scores: tf.Tensor4D = tf.mul(tf.matMul(q, k, false, true), scale); // (N, h, Tq, T)
  const weights: tf.Tensor4D = tf.softmax(mask ? tf.add(scores, mask) : scores);
  return { context: tf.matMul(weights, v), weights };
}

/**
 * Those of q, k and v in {@link attendHeads}.
 * @param dContext (N, h, Tq, d)
 */
export function gradientsOfHeads(
  dContext: tf.Tensor4D,
  [q, k, v, weights]: tf.Tensor[],
  { scale }: Pick<AttentionShape, 'scale'>,
): tf.Tensor4D[] {
  const dWeights = tf.matMul(dContext, v, false, true); // (N, h, Tq, T)
  const weighted = tf.mul(dWeights, weights);
  const dScores: tf.Tensor4D = tf.mul(tf.sub(weighted, tf.mul(weights, tf.sum(weighted, -1, true))), scale);
  return [
    tf.matMul(dScores, k),
    tf.matMul(dScores, q, true, false),
    tf.matMul(weights, dContext, true, false),
  ];
}
