/**
 * Interventions on activations at the prediction's position (Dai et al., 2021, section 4.1): neurons are
 * multiplied by a factor, 0 to suppress them and 2 to enhance them.
 */
import * as tf from '@tensorflow/tfjs-core';
import { promptsThatFit } from '../model/batch-size.js';
import type { ActivationFactors, LanguageModel, PromptBatch, Site, Trace } from '../model/language-model.js';
import { batchesOfEqualLength, splitBatch } from '../model/prompt-batches.js';
import { readFinite } from '../model/read-finite.js';
import type { EncodedPrompt } from '../model/tokenizer/tokenizer.js';
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

/** A prompt, and the sets of multipliers to ask it under; under an empty one, the model is as it is. */
export interface AskedUnder {
  readonly prompt: EncodedPrompt;
  readonly sets: readonly Multipliers[];
}

/** What is predicted for each prompt: a distribution for each of its sets. All have as many. */
export type Predict = (asked: readonly AskedUnder[], site?: Site) => Promise<readonly Distribution[][]>;

/**
 * What the model predicts for each prompt, as it is and with `neurons` multiplied by each of `factors`.
 */
export function intervene(
  model: LanguageModel,
  prompts: readonly EncodedPrompt[],
  neurons: readonly Neuron[],
  factors: readonly number[],
  { site, batchBytes }: InterventionOptions = {},
): Promise<Intervened[]> {
  return interveneBy(predictOn(model, batchBytes), prompts, neurons, factors, site);
}

/** The same, whoever predicts: {@link predictOn} a model, or several facts together. */
export async function interveneBy(
  predict: Predict,
  prompts: readonly EncodedPrompt[],
  neurons: readonly Neuron[],
  factors: readonly number[],
  site?: Site,
): Promise<Intervened[]> {
  const sets = [new Map(), ...factors.map(factor => multipliers(neurons, factor))];
  const asked = prompts.map(prompt => ({ prompt, sets }));
  return (await predict(asked, site)).map(([before, ...after]) => ({ before, after }));
}

/**
 * What the model predicts for each prompt under each set of multipliers.
 * @returns for each prompt a distribution for each set
 */
export function predict(
  model: LanguageModel,
  prompts: readonly EncodedPrompt[],
  sets: readonly Multipliers[],
  { site, batchBytes }: InterventionOptions = {},
): Promise<readonly Distribution[][]> {
  const asked = prompts.map(prompt => ({ prompt, sets }));
  return predictOn(model, batchBytes)(asked, site);
}

/**
 * Predictions of a model, prompts of one token length together. One traced pass serves all sets; a changed pass starts at the
 * first layer that a set changes.
 */
export function predictOn(model: LanguageModel, batchBytes?: number): Predict {
  return async (asked, site) => {
    const results: Distribution[][] = [];
    for (const { batch, indices } of batchesOfEqualLength(asked.map(({ prompt }) => prompt))) {
      let done = 0;
      for (const part of splitBatch(batch, promptsThatFit(model, batch.tokens[0].length, batchBytes))) {
        const places = indices.slice(done, done + part.tokens.length);
        done += places.length;
        const ofSets = await predictBatch(
          model,
          part,
          places.map(place => asked[place].sets),
          site,
        );
        places.forEach((place, prompt) => {
          results[place] = ofSets.map(rows => rows[prompt]);
        });
      }
    }
    return results;
  };
}

/** For each set a distribution for each prompt of the batch. */
async function predictBatch(
  model: LanguageModel,
  batch: PromptBatch,
  setsOfPrompts: readonly (readonly Multipliers[])[],
  site: Site | undefined,
): Promise<Distribution[][]> {
  const trace = model.trace(batch, site);
  try {
    const ofSets: Distribution[][] = [];
    for (const index of setsOfPrompts[0].keys()) {
      const sets = setsOfPrompts.map(sets => sets[index]);
      ofSets.push(await distributions(model, () => resumeWith(model.intermediateSize, trace, sets)));
    }
    return ofSets;
  } finally {
    trace.dispose();
  }
}

function resumeWith(width: number, trace: Trace, sets: readonly Multipliers[]): tf.Tensor2D {
  const factors = activationFactors(width, sets);
  if (factors.size === 0) return trace.prediction;
  const [first, factorsOfFirst] = [...factors].sort(([a], [b]) => a - b)[0];
  const activations: tf.Tensor2D = tf.mul(trace.activations[first], factorsOfFirst);
  return trace.resume(first, activations, factors);
}

/** For each layer that a set changes the factors, 1 elsewhere, [1 or prompts, intermediateSize]. */
function activationFactors(width: number, sets: readonly Multipliers[]): ActivationFactors {
  const isShared = sets.every(set => set === sets[0]);
  const rows = isShared ? [sets[0]] : sets;
  const layers = new Set(rows.flatMap(set => [...set.keys()]));
  return new Map(
    [...layers].map(layer => {
      const values = new Float32Array(rows.length * width).fill(1);
      rows.forEach((set, row) => {
        for (const [index, factor] of set.get(layer) ?? []) values[row * width + index] = factor;
      });
      return [layer, tf.tensor2d(values, [rows.length, width])];
    }),
  );
}

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
