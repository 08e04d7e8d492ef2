import type { LanguageModel } from './language-model.js';

/**
 * What the values of one forward and backward pass may take. On the wasm engine two prompts of 20 steps at once are
 * as fast as one or three (docs/performance.md), so that more room would buy nothing.
 */
const BYTES_OF_VALUES = 350e6;

/**
 * How many samples (prompts x steps) go through a model at once. It depends on the model and the prompts'
 * length alone, never on the machine or on what else runs, so that a fact's numbers do not either.
 */
export function samplesThatFit(model: LanguageModel, tokens: number): number {
  // Alive for each row of each layer until the backward pass has gone by: queries, keys and values in two
  // orders, and six results of affine maps and normalisations; one slope for each neuron.
  const perRow = 12 * model.hiddenSize + model.intermediateSize;
  // The distribution over the vocabulary, with what softmax needs beside it.
  const perSample = 4 * model.vocabularySize;
  const bytesOfSample = 4 * (model.layers * tokens * perRow + perSample);
  return Math.max(1, Math.floor(BYTES_OF_VALUES / bytesOfSample));
}
