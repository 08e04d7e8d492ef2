/**
 * Attention of one new token a sample to the traced tokens before it and to itself: what a causal model computes for each
 * step, since nothing before the prediction's position ever changes.
 */
import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';

/** Keys and values of B prompts' C earlier tokens, as the new tokens see them; each [B, heads, C, size]. */
export type KeysAndValues = {
  readonly key: tf.Tensor4D;
  readonly value: tf.Tensor4D;
};

/**
 * softmax(scale q K^T) V for each head, where K and V are the traced ones and, below them, the new token's own. The samples
 * of a prompt share its traced ones, which get no gradient.
 * @param query [prompts * steps, hidden], sample = prompt * steps + step; so key and value
 * @param scale of the scores
 * @returns [prompts * steps, hidden]
 */
export function cachedAttention(
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  value: tf.Tensor2D,
  traced: KeysAndValues,
  scale: number,
): tf.Tensor2D {
  const [prompts, heads, earlier] = traced.key.shape;
  const [samples, hidden] = query.shape;
  const steps = samples / prompts;
  /** [B S, h d] -> [B, h, S, d] */
  const split = (x: tf.Tensor): tf.Tensor4D =>
    tf.transpose(tf.reshape(x, [prompts, steps, heads, hidden / heads]), [0, 2, 1, 3]);
  /** [B, h, S, d] -> [B S, h d] */
  const join = (x: tf.Tensor): tf.Tensor2D => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [samples, hidden]);
  const along = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b), -1, true); // [B, h, S, 1]
  const part = (x: tf.Tensor, from: number, size: number) => tf.slice(x, [0, 0, 0, from], [-1, -1, -1, size]);

  return differentiable([query, key, value], save => {
    const [q, k, v] = [split(query), split(key), split(value)]; // (B, h, S, d)
    const scores = tf.concat([tf.matMul(q, traced.key, false, true), along(q, k)], -1); // (B, h, S, C + 1)
    const weights = tf.softmax(tf.mul(scores, scale));
    save([q, k, v, weights]);
    const own = tf.mul(part(weights, earlier, 1), v);
    return {
      value: join(tf.add(tf.matMul(part(weights, 0, earlier), traced.value), own)),
      gradient: (dy, [q, k, v, weights]) => {
        const dContext = split(dy);
        const dWeights = tf.concat([tf.matMul(dContext, traced.value, false, true), along(dContext, v)], -1);
        const weighted = tf.mul(dWeights, weights);
        const dScores = tf.mul(tf.sub(weighted, tf.mul(weights, tf.sum(weighted, -1, true))), scale);
        const dOwn = part(dScores, earlier, 1); // (B, h, S, 1)
        return [
          join(tf.add(tf.matMul(part(dScores, 0, earlier), traced.key), tf.mul(dOwn, k))),
          join(tf.mul(dOwn, q)),
          join(tf.mul(part(weights, earlier, 1), dContext)),
        ];
      },
    };
  });
}
