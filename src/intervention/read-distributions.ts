/** From last hidden rows, through the vocabulary matrix, to distributions. */
import * as tf from '@tensorflow/tfjs-core';
import { rowsThatFit } from '../model/batch-size.js';
import type { LanguageModel } from '../model/language-model.js';
import { readFinite } from '../model/read-finite.js';
import type { Distribution } from './distribution.js';

/**
 * What the model predicts from last hidden rows, a distribution each.
 * @throws UserError where a probability is not finite
 */
export async function distributions(
  model: LanguageModel,
  prediction: () => tf.Tensor2D,
): Promise<Distribution[]> {
  // Read outside the tidy, which would walk through every value that it hands on.
  const probabilities = tf.tidy(() => model.probabilities(prediction()));
  const [rows, width] = probabilities.shape;
  const values = await readFinite(probabilities, 'a probability');
  return Array.from({ length: rows }, (_, row) => values.slice(row * width, (row + 1) * width));
}

/**
 * The same for the rows of several passes, one after the other, as many at once as fit.
 * @param hidden [rows, hidden] each
 * @param batchBytes what the values of a batch may take; default: what suits the engine
 */
export async function distributionsOf(
  model: LanguageModel,
  hidden: readonly tf.Tensor2D[],
  batchBytes?: number,
): Promise<Distribution[]> {
  const found: Distribution[] = [];
  const total = hidden.reduce((sum, { shape: [rows] }) => sum + rows, 0);
  const rowsAtOnce = rowsThatFit(model, batchBytes);
  while (found.length < total) {
    const first = found.length;
    const rows = () =>
      tf.slice<tf.Rank.R2, tf.Tensor2D>(
        tf.concat([...hidden], 0),
        first,
        Math.min(rowsAtOnce, total - first),
      );
    found.push(...(await distributions(model, rows)));
  }
  return found;
}
