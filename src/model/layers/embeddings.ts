import * as tf from '@tensorflow/tfjs-core';
import { tokenByToken } from './token-rows.js';
import { type TokenTable, tokenRows } from './token-table.js';

/** The positions 0 .. tokens-1 with `first` brought to the front. */
export function positionFirst(tokens: number, first: number): number[] {
  const positions = Array.from({ length: tokens }, (_, position) => position);
  return [first, ...positions.filter(position => position !== first)];
}

/**
 * Word and position embeddings of B prompts of T tokens, token t of prompt b being what `order` puts at place t, in the rows of
 * `token-rows.ts`.
 * @param order [B][T] places in the prompt
 * @param rows [B][T] of the table of positions, for each place in the prompt; default: the place itself
 * @returns each [T B, hidden]; no places where a model has no embeddings of them
 */
export function embedRows(
  wordEmbeddings: TokenTable,
  positionEmbeddings: tf.Tensor2D | undefined,
  tokens: readonly (readonly number[])[],
  order: readonly (readonly number[])[],
  rows?: readonly (readonly number[])[],
): { words: tf.Tensor2D; places: tf.Tensor2D | undefined } {
  const lengths = order.map(({ length }) => length);
  const positions = tokenByToken(lengths, (b, t) => rows?.[b][order[b][t]] ?? order[b][t]);
  const ids = tokenByToken(lengths, (b, t) => tokens[b][order[b][t]]);
  return {
    words: tokenRows(wordEmbeddings, ids),
    places: positionEmbeddings && tf.gather(positionEmbeddings, tf.tensor1d(positions, 'int32')),
  };
}
