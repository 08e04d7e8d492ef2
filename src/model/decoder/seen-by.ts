import * as tf from '@tensorflow/tfjs-core';
import { positionFirst } from '../layers/embeddings.js';

/** Added to the score of a token that is not seen: its weight is 0 in float32. */
const UNSEEN = -1e9;

/**
 * 0 where a token sees another, and very low where not, in the order of a traced pass: the last token, then the first and
 * so on.
 * @param window so many tokens are seen, itself among them; null: all before it
 * @returns [queries, tokens]
 */
export function seenBy(queries: number, tokens: number, window: number | null): tf.Tensor2D {
  const order = positionFirst(tokens, tokens - 1);
  const rows = order
    .slice(0, queries)
    .map(query => order.map(key => (key <= query && query - key < (window ?? tokens) ? 0 : UNSEEN)));
  return tf.tensor2d(rows, [queries, tokens]);
}
