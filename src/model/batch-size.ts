import * as tf from '@tensorflow/tfjs-core';
import { BATCH_BYTES } from '../runtime/batch-memory.js';
import { ENGINES } from '../runtime/engine-names.js';
import type { ModelShape } from './language-model.js';

type Shape = Omit<ModelShape, 'maxTokens'>;

/**
 * How many passes from the first layer go through the model at once. It depends on the model, the prompts' length and the
 * device's memory for a batch alone, never on what else runs, so that a fact's numbers do not either.
 * @param batchBytes what the values of a batch may take; default: what suits the engine that runs
 */
export function samplesThatFit(shape: Shape, tokens: number, batchBytes = usualBatchBytes()): number {
  return atLeastOne(batchBytes / bytesOfPass(shape, tokens, 0));
}

/**
 * What a pass that begins in `layer` keeps until its gradient has gone back, in bytes: nothing of the layers before. The layer
 * itself counts as a whole one, for what is made in passing.
 */
export function bytesOfPass(shape: Shape, tokens: number, layer: number): number {
  const { layers, hiddenSize, intermediateSize, causal } = shape;
  // Saved for each row of each layer: queries, keys and values, the unit rows of two normalisations, and a slope for each
  // neuron.
  const perRow = 5 * hiddenSize + intermediateSize;
  // A causal model computes the last row of a sample alone.
  const rows = causal ? 1 : tokens;
  return 4 * ((layers - layer) * rows * perRow + vocabularyValues(shape));
}

/** How many prompts are traced at once. */
export function promptsThatFit(shape: Shape, tokens: number, batchBytes = usualBatchBytes()): number {
  if (!shape.causal) return samplesThatFit(shape, tokens, batchBytes);
  const { layers, hiddenSize, intermediateSize } = shape;
  // A causal trace keeps keys and values of every row, and has a layer's values beside them in passing.
  const perRow = 2 * layers * hiddenSize + 8 * hiddenSize + 4 * intermediateSize;
  return atLeastOne(batchBytes / (4 * (tokens * perRow + vocabularyValues(shape))));
}

/** How many last hidden rows go through the vocabulary at once. */
export function rowsThatFit(shape: Shape, batchBytes = usualBatchBytes()): number {
  return atLeastOne(batchBytes / (4 * vocabularyValues(shape)));
}

/** Of a sample: the distribution over the vocabulary, with what softmax needs beside it. */
const vocabularyValues = ({ vocabularySize }: Shape) => 4 * vocabularySize;

const atLeastOne = (count: number) => Math.max(1, Math.floor(count));

export function usualBatchBytes(): number {
  const running = ENGINES.find(name => name === tf.getBackend());
  return BATCH_BYTES[running ?? 'wasm'];
}
