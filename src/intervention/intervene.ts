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

/** What neurons' activations are multiplied by: for some layers, factors by the neuron's index. */
export type Multipliers = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** The same factor for each of some neurons. */
export function multipliers(neurons: readonly Neuron[], factor: number): Multipliers {
  const layers = new Map<number, Map<number, number>>();
  for (const [layer, index] of neurons) {
    layers.set(layer, (layers.get(layer) ?? new Map()).set(index, factor));
  }
  return layers;
}

/**
 * What the model predicts for each prompt, as it is and with `neurons` multiplied by each of `factors`.
 */
export async function intervene(
  model: LanguageModel,
  prompts: readonly EncodedPrompt[],
  neurons: readonly Neuron[],
  factors: readonly number[],
  options: InterventionOptions = {},
): Promise<Intervened[]> {
  const sets = [new Map(), ...factors.map(factor => multipliers(neurons, factor))];
  const predicted = await predict(model, prompts, sets, options);
  return predicted.map(([before, ...after]) => ({ before, after }));
}

/**
 * What the model predicts for each prompt under each set of multipliers; under an empty one, as it is. One traced pass
 * serves them all; a changed pass starts at the first layer that a set changes.
 * @returns for each prompt a distribution for each set
 */
export async function predict(
  model: LanguageModel,
  prompts: readonly EncodedPrompt[],
  sets: readonly Multipliers[],
  { site, batchBytes }: InterventionOptions = {},
): Promise<Distribution[][]> {
  const results: Distribution[][] = [];
  for (const { batch, indices } of batchesOfEqualLength(prompts)) {
    let done = 0;
    for (const part of splitBatch(batch, promptsThatFit(model, batch.tokens[0].length, batchBytes))) {
      const ofSets = await predictBatch(model, part, sets, site);
      for (const prompt of part.tokens.keys()) results[indices[done++]] = ofSets.map(rows => rows[prompt]);
    }
  }
  return results;
}

/** For each set a distribution for each prompt of the batch. */
async function predictBatch(
  model: LanguageModel,
  batch: PromptBatch,
  sets: readonly Multipliers[],
  site: Site | undefined,
): Promise<Distribution[][]> {
  const trace = model.trace(batch, site);
  try {
    const ofSets: Distribution[][] = [];
    for (const set of sets)
      ofSets.push(await distributions(model, () => resumeWith(model.intermediateSize, trace, set)));
    return ofSets;
  } finally {
    trace.dispose();
  }
}

function resumeWith(width: number, trace: Trace, set: Multipliers): tf.Tensor2D {
  if (set.size === 0) return trace.prediction;
  const factors = activationFactors(width, set);
  const [first, factorsOfFirst] = [...factors].sort(([a], [b]) => a - b)[0];
  const activations: tf.Tensor2D = tf.mul(trace.activations[first], factorsOfFirst);
  return trace.resume(first, activations, factors);
}

/** For each layer of the set its factors, 1 elsewhere, [1, intermediateSize]. */
function activationFactors(width: number, set: Multipliers): ActivationFactors {
  return new Map(
    [...set].map(([layer, factors]) => {
      const row = new Float32Array(width).fill(1);
      for (const [index, factor] of factors) row[index] = factor;
      return [layer, tf.tensor2d(row, [1, width])];
    }),
  );
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
