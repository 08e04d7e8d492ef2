import * as tf from '@tensorflow/tfjs-core';
import type { LanguageModel } from './language-model.js';

/**
 * What the values of one forward and backward pass may take. At bert-base's shape that is 4 prompts of 20 steps on the
 * native engine, which is the faster the more rows a product has, and 2 on wasm, which is not (docs/performance.md).
 */
const BYTES_OF_VALUES = 420e6;
const BYTES_OF_VALUES_ON_WASM = 210e6;

/**
 * How many samples (prompts x steps) go through a model at once. It depends on the engine, the model and the
 * prompts' length alone, never on the machine or on what else runs, so that a fact's numbers do not either.
 */
export function samplesThatFit(model: LanguageModel, tokens: number): number {
  // Saved for each row of each layer until the backward pass has gone by: queries, keys and values, the unit rows of two
  // normalisations, and a slope for each neuron.
  const perRow = 5 * model.hiddenSize + model.intermediateSize;
  // The distribution over the vocabulary, with what softmax needs beside it.
  const perSample = 4 * model.vocabularySize;
  const bytesOfSample = 4 * (model.layers * tokens * perRow + perSample);
  const room = tf.getBackend() === 'wasm' ? BYTES_OF_VALUES_ON_WASM : BYTES_OF_VALUES;
  return Math.max(1, Math.floor(room / bytesOfSample));
}
