/**
 * Attention of one new token a sample to the traced tokens before it and to itself: what a causal model computes for each
 * step, since nothing before the prediction's position ever changes.
 */
import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';
import { hasFused, runFused } from './fused.js';
import { affine, type LinearWeights } from './linear.js';
import { enterTransposed, leaveTransposed, throughTransposed } from './transposed-product.js';

/** Keys and values of B prompts' C earlier tokens, as the new tokens see them; each [B, heads, C, size]. */
export type KeysAndValues = {
  readonly key: tf.Tensor4D;
  readonly value: tf.Tensor4D;
};

/** With more traced tokens products of matrices are faster than the native engine's own kernel (docs/performance.md). */
const MOST_FUSED = 256;

/**
 * softmax(scale q K^T) V for each head, where K and V are the traced ones and, below them, the new token's own. The samples
 * of a prompt share its traced ones, which get no gradient.
 * @param x [prompts * steps, hidden], sample = prompt * steps + step
 * @param weights queries, keys and values of x side by side, [hidden, 3 hidden]
 * @param traced undefined where the new token sees itself alone
 * @returns [prompts * steps, hidden]
 */
export function cachedAttention(
  x: tf.Tensor2D,
  weights: LinearWeights,
  traced: KeysAndValues | undefined,
  { prompts, heads, scale }: CachedAttentionShape,
): tf.Tensor2D {
  const [samples, hidden] = x.shape;
  const steps = samples / prompts;
  const earlier = traced?.key.shape[2] ?? 0;
  if (traced && earlier <= MOST_FUSED && hasFused('KnCachedAttention'))
    return fusedAttention(x, weights, traced, scale);
  const part = (y: tf.Tensor, from: number, size: number) => tf.slice(y, [0, 0, 0, from], [-1, -1, -1, size]);

  return differentiable([x], save => {
    // (B S, 3 h d) -> (B, 3 h, S, d)
    const all = headsFirst(affine(x, weights), [prompts, steps, 3 * heads, hidden / heads]);
    const [q, k, v] = [0, 1, 2].map(i => tf.slice(all, [0, i * heads, 0, 0], [-1, heads, -1, -1]));
    const own = along(q, k);
    const scores = traced ? tf.concat([tf.matMul(q, traced.key, false, true), own], -1) : own;
    const attention = tf.softmax(tf.mul(scores, scale)); // (B, h, S, C + 1)
    save([q, k, v, attention]);
    const ofOwn = tf.mul(part(attention, earlier, 1), v);
    const context = traced ? tf.add(tf.matMul(part(attention, 0, earlier), traced.value), ofOwn) : ofOwn;
    return {
      value: headsLast(context, [samples, hidden]),
      gradient: (dy, [q, k, v, attention]) => {
        const dContext = headsFirst(dy, [prompts, steps, heads, hidden / heads]);
        const toOwn = along(dContext, v);
        const dAttention = traced
          ? tf.concat([tf.matMul(dContext, traced.value, false, true), toOwn], -1)
          : toOwn;
        const weighted = tf.mul(dAttention, attention);
        const dScores = tf.mul(tf.sub(weighted, tf.mul(attention, tf.sum(weighted, -1, true))), scale);
        const dOwn = part(dScores, earlier, 1); // (B, h, S, 1)
        const dQueryOfOwn = tf.mul(dOwn, k);
        const dQuery = traced
          ? tf.add(tf.matMul(part(dScores, 0, earlier), traced.key), dQueryOfOwn)
          : dQueryOfOwn;
        const dKey = tf.mul(dOwn, q);
        const dValue = tf.mul(part(attention, earlier, 1), dContext);
        const dAll = headsLast(tf.concat([dQuery, dKey, dValue], 1), [samples, 3 * hidden]);
        return [leaveTransposed(throughTransposed(weights.weight, enterTransposed(dAll)))];
      },
    };
  });
}

/** The same by the engine's own kernels, which work on the rows as they are. */
function fusedAttention(
  x: tf.Tensor2D,
  weights: LinearWeights,
  { key: keys, value: values }: KeysAndValues,
  scale: number,
): tf.Tensor2D {
  return differentiable([x], save => {
    const inputs = affine(x, weights); // [prompts * steps, 3 hidden]
    const [value, attention] = runFused('KnCachedAttention', { inputs, keys, values }, { scale });
    save([inputs, attention]);
    return {
      value,
      gradient: (dContext, [inputs, attention]) => {
        const [dInputs] = runFused(
          'KnCachedAttentionGrad',
          { dContext, inputs, weights: attention, keys, values },
          { scale },
        );
        return [leaveTransposed(throughTransposed(weights.weight, enterTransposed(dInputs)))];
      },
    };
  });
}

export interface CachedAttentionShape {
  readonly prompts: number;
  readonly heads: number;
  /** Scores are multiplied by it. */
  readonly scale: number;
}

/** The products of rows: [B, h, S, 1]. */
function along(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.sum(tf.mul(a, b), -1, true);
}

/** [B S, h d] -> [B, h, S, d] */
function headsFirst(x: tf.Tensor2D, shape: [number, number, number, number]): tf.Tensor4D {
  return tf.transpose(tf.reshape(x, shape), [0, 2, 1, 3]);
}

/** [B, h, S, d] -> [B S, h d] */
function headsLast(x: tf.Tensor, shape: [number, number]): tf.Tensor2D {
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), shape);
}
