import * as tf from '@tensorflow/tfjs-core';

/** The positions 0 .. tokens-1 with `first` brought to the front. */
export function positionFirst(tokens: number, first: number): number[] {
  const positions = Array.from({ length: tokens }, (_, position) => position);
  return [first, ...positions.filter(position => position !== first)];
}

/**
 * Word and position embeddings of B prompts of T tokens, row t B + b being what `order` puts at place t of prompt b.
 * @param order [B][T] positions
 * @returns each [T B, hidden]
 */
export function embedRows(
  wordEmbeddings: tf.Tensor2D,
  positionEmbeddings: tf.Tensor2D,
  tokens: readonly (readonly number[])[],
  order: readonly (readonly number[])[],
): { words: tf.Tensor2D; places: tf.Tensor2D } {
  const positions = order[0].flatMap((_, t) => order.map(row => row[t]));
  const ids = order[0].flatMap((_, t) => tokens.map((row, b) => row[order[b][t]]));
  return {
    words: tf.gather(wordEmbeddings, tf.tensor1d(ids, 'int32')),
    places: tf.gather(positionEmbeddings, tf.tensor1d(positions, 'int32')),
  };
}
