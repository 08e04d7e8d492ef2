/**
 * Interventions on activations at the prediction's position (Dai et al., 2021, section 4.1): neurons are
 * multiplied by a factor, 0 to suppress them and 2 to enhance them.
 */
import * as tf from '@tensorflow/tfjs-core';
import { promptsThatFit } from '../model/batch-size.js';
import type { ActivationFactors, LanguageModel, PromptBatch, Site, Trace } from '../model/language-model.js';
import { batchesOfEqualLength, splitBatch } from '../model/prompt-batches.js';
import type { EncodedPrompt } from '../model/tokenizer.js';
import type { Neuron } from '../neurons/neuron.js';
import type { Distribution } from './distribution.js';

export const SUPPRESS = 0;
export const ENHANCE = 2;

export interface Intervened {
  readonly before: Distribution;
  /** One for each factor. */
  readonly after: readonly Distribution[];
}

export interface InterventionOptions {
  /** Default: `post`. */
  readonly site?: Site;
  /** What the values of a batch may take; default: what suits the engine. */
  readonly batchBytes?: number;
}

/**
 * What the model predicts for each prompt, as it is and with `neurons` multiplied by each of `factors`. One traced
 * pass serves them all; a changed pass starts at the first layer that has one of the neurons.
 */
export async function intervene(
  model: LanguageModel,
  prompts: readonly EncodedPrompt[],
  neurons: readonly Neuron[],
  factors: readonly number[],
  options: InterventionOptions = {},
): Promise<Intervened[]> {
  const results: Intervened[] = [];
  for (const { batch, indices } of batchesOfEqualLength(prompts)) {
    let done = 0;
    for (const part of splitBatch(batch, promptsThatFit(model, batch.tokens[0].length, options.batchBytes))) {
      for (const result of await interveneOnBatch(model, part, neurons, factors, options.site)) {
        results[indices[done++]] = result;
      }
    }
  }
  return results;
}

async function interveneOnBatch(
  model: LanguageModel,
  batch: PromptBatch,
  neurons: readonly Neuron[],
  factors: readonly number[],
  site: Site | undefined,
): Promise<Intervened[]> {
  const trace = model.trace(batch, site);
  try {
    const before = await distributions(model, () => trace.prediction);
    const after: Distribution[][] = [];
    for (const factor of factors) {
      const changed = () => resumeWith(model.intermediateSize, trace, neurons, factor);
      after.push(neurons.length === 0 ? before : await distributions(model, changed));
    }
    return before.map((distribution, i) => ({ before: distribution, after: after.map(rows => rows[i]) }));
  } finally {
    trace.dispose();
  }
}

function resumeWith(width: number, trace: Trace, neurons: readonly Neuron[], factor: number): tf.Tensor2D {
  const factors = activationFactors(width, neurons, factor);
  const [first, factorsOfFirst] = [...factors].sort(([a], [b]) => a - b)[0];
  const activations: tf.Tensor2D = tf.mul(trace.activations[first], factorsOfFirst);
  return trace.resume(first, activations, factors);
}

/** For each layer that has one of the neurons: `factor` at these, 1 elsewhere, [1, intermediateSize]. */
function activationFactors(width: number, neurons: readonly Neuron[], factor: number): ActivationFactors {
  const rows = new Map<number, Float32Array>();
  for (const [layer, index] of neurons) {
    const row = rows.get(layer) ?? new Float32Array(width).fill(1);
    row[index] = factor;
    rows.set(layer, row);
  }
  return new Map([...rows].map(([layer, row]) => [layer, tf.tensor2d(row, [1, width])]));
}

/** What the model predicts from last hidden rows, a distribution each. */
export async function distributions(
  model: LanguageModel,
  prediction: () => tf.Tensor2D,
): Promise<Distribution[]> {
  // Read outside the tidy, which would walk through every value that it hands on.
  const probabilities = tf.tidy(() => model.probabilities(prediction()));
  const [rows, width] = probabilities.shape;
  const values = await probabilities.data<'float32'>();
  probabilities.dispose();
  return Array.from({ length: rows }, (_, row) => values.slice(row * width, (row + 1) * width));
}
