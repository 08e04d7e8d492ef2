import * as tf from '@tensorflow/tfjs-core';
import { BATCH_BYTES } from '../runtime/batch-memory.js';
import { ENGINES } from '../runtime/engine-names.js';
import type { LanguageModel } from './language-model.js';

/** The measures of a model that decide what a batch takes. */
export type ModelShape = Pick<LanguageModel, 'layers' | 'hiddenSize' | 'intermediateSize' | 'vocabularySize'>;

/**
 * How many samples (prompts x steps) go through a model at once. It depends on the model, the prompts' length and the
 * device's memory for a batch alone, never on what else runs, so that a fact's numbers do not either.
 * @param batchBytes what the values of a batch may take; default: what suits the engine that runs
 */
export function samplesThatFit(
  { layers, hiddenSize, intermediateSize, vocabularySize }: ModelShape,
  tokens: number,
  batchBytes = usualBatchBytes(),
): number {
  // Saved for each row of each layer until the backward pass has gone by: queries, keys and values, the unit rows of two
  // normalisations, and a slope for each neuron.
  const perRow = 5 * hiddenSize + intermediateSize;
  // The distribution over the vocabulary, with what softmax needs beside it.
  const perSample = 4 * vocabularySize;
  const bytesOfSample = 4 * (layers * tokens * perRow + perSample);
  return Math.max(1, Math.floor(batchBytes / bytesOfSample));
}

function usualBatchBytes(): number {
  const running = ENGINES.find(name => name === tf.getBackend());
  return BATCH_BYTES[running ?? 'wasm'];
}
