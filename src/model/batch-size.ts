import type { LanguageModel } from './language-model.js';

/** What the values kept for one backward pass may take. Larger batches were not faster: docs/performance.md. */
const BYTES_FOR_BACKWARD = 320e6;

/**
 * How many samples (prompts x steps) go through a model at once. It depends on the model and the prompts'
 * length alone, never on the machine or on what else runs, so that a fact's numbers do not either.
 */
export function samplesThatFit(model: LanguageModel, tokens: number): number {
  // Each layer keeps, a row: queries, keys, values, two normalised rows, and the activations' slope.
  const perRow = 5 * model.hiddenSize + model.intermediateSize;
  const bytesOfSample = 4 * model.layers * tokens * perRow + 4 * 4 * model.vocabularySize;
  return Math.max(1, Math.floor(BYTES_FOR_BACKWARD / bytesOfSample));
}
