import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';

/** What the rows of an attention's matrices stand for: row t * samples + n is token t of sample n. */
export interface AttentionShape {
  readonly samples: number;
  readonly heads: number;
  /** Scores are multiplied by it: 1 / sqrt(head size) in BERT. */
  readonly scale: number;
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
  return differentiable([query, key, value], save => {
    const q = splitHeads(query, shape); // (N, h, Tq, d)
    const k = splitHeads(key, shape); // (N, h, T, d)
    const v = splitHeads(value, shape); // (N, h, T, d)
    const weights: tf.Tensor4D = tf.softmax(tf.mul(tf.matMul(q, k, false, true), shape.scale)); // (N, h, Tq, T)
    save([q, k, v, weights]);
    return {
      value: joinHeads(tf.matMul(weights, v)),
      gradient: (dy, [q, k, v, weights]) => {
        const dContext = splitHeads(dy, shape); // (N, h, Tq, d)
        const dWeights = tf.matMul(dContext, v, false, true); // (N, h, Tq, T)
        const weighted = tf.mul(dWeights, weights);
        const dScores = tf.mul(tf.sub(weighted, tf.mul(weights, tf.sum(weighted, -1, true))), shape.scale);
        return [
          joinHeads(tf.matMul(dScores, k)),
          joinHeads(tf.matMul(dScores, q, true, false)),
          joinHeads(tf.matMul(weights, dContext, true, false)),
        ];
      },
    };
  });
}
