/**
 * Interventions on activations at the prediction's position (Dai et al., 2021, section 4.1): neurons are
 * multiplied by a factor, 0 to suppress them and 2 to enhance them.
 */
import * as tf from '@tensorflow/tfjs-core';
import { groupBy } from '../group-by.js';
import { promptsThatFit, samplesThatFit } from '../model/batch-size.js';
import type { ActivationFactors, LanguageModel, Site, Trace } from '../model/language-model.js';
import { promptBatches, splitBatch, tokensOf } from '../model/prompt-batches.js';
import type { EncodedPrompt } from '../model/tokenizer/tokenizer.js';
import type { Neuron } from '../neurons/neuron.js';
import type { Distribution } from './distribution.js';
import { distributionsOf } from './read-distributions.js';

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
export async function intervene(
  model: LanguageModel,
  prompts: readonly EncodedPrompt[],
  neurons: readonly Neuron[],
  factors: readonly number[],
  options?: InterventionOptions,
): Promise<Intervened[]> {
  const sets = [new Map(), ...factors.map(factor => multipliers(neurons, factor))];
  const predicted = await predict(model, prompts, sets, options);
  return predicted.map(([before, ...after]) => ({ before, after }));
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
 * Predictions of a model. Last hidden rows come first, batch by batch. Then those of all prompts and
 * sets go through the vocabulary together: a batch may have few prompts, and its matrix takes as long to read for one
 * row as for many.
 * @param trace makes a trace, or has one already
 */
export function predictOn(
  model: LanguageModel,
  batchBytes?: number,
  trace: LanguageModel['trace'] = (batch, site) => model.trace(batch, site),
): Predict {
  return async (asked, site) => {
    const hidden: tf.Tensor2D[] = [];
    const rows: PredictedRow[] = [];
    try {
      for (const { batch, indices } of promptBatches(
        model,
        asked.map(({ prompt }) => prompt),
      )) {
        let done = 0;
        for (const part of splitBatch(batch, promptsThatFit(model, tokensOf(batch), batchBytes))) {
          const prompts = indices.slice(done, done + part.tokens.length);
          done += prompts.length;
          const setsOfPrompts = prompts.map(prompt => asked[prompt].sets);
          const passed = passBatch(model, trace(part, site), setsOfPrompts, batchBytes, hidden);
          rows.push(...passed.map(({ prompt, sets }) => ({ prompt: prompts[prompt], sets })));
        }
      }
      const found = await distributionsOf(model, hidden, batchBytes);
      const results: Distribution[][] = asked.map(() => []);
      for (const [row, { prompt, sets }] of rows.entries())
        for (const set of sets) results[prompt][set] = found[row];
      return results;
    } finally {
      tf.dispose(hidden);
    }
  };
}

/** Of which prompt a last hidden row is, and of which of its sets. */
interface PredictedRow {
  readonly prompt: number;
  readonly sets: readonly number[];
}

/**
 * Passes of a batch under all sets, from its trace, which is disposed of. Sets that change the same layer first go on from there
 * together.
 * @param setsOfPrompts as many for each prompt
 * @param hidden where the last hidden rows go, [rows, hidden] each
 * @returns what they are of
 */
function passBatch(
  model: LanguageModel,
  trace: Trace,
  setsOfPrompts: readonly (readonly Multipliers[])[],
  batchBytes: number | undefined,
  hidden: tf.Tensor2D[],
): PredictedRow[] {
  const samples = samplesThatFit(model, trace.tokens, batchBytes);
  const setsAtOnce = Math.max(1, Math.floor(samples / setsOfPrompts.length));
  const rows: PredictedRow[] = [];
  try {
    const firstLayer = (set: number) => Math.min(...setsOfPrompts.flatMap(sets => [...sets[set].keys()]));
    for (const [layer, alike] of groupBy(setsOfPrompts[0].keys(), firstLayer)) {
      if (layer === Number.POSITIVE_INFINITY) {
        hidden.push(tf.clone(trace.prediction));
        rows.push(...setsOfPrompts.map((_, prompt) => ({ prompt, sets: alike })));
        continue;
      }
      for (let first = 0; first < alike.length; first += setsAtOnce) {
        const some = alike.slice(first, first + setsAtOnce);
        const chosen = setsOfPrompts.map(sets => some.map(set => sets[set]));
        hidden.push(tf.tidy(() => resumeWith(model.intermediateSize, trace, chosen)));
        rows.push(...chosen.flatMap((_, prompt) => some.map(set => ({ prompt, sets: [set] }))));
      }
    }
  } finally {
    trace.dispose();
  }
  return rows;
}

/**
 * The rest of a pass under some sets, from the first layer that they change.
 * @returns the last hidden rows, [prompts * sets, hidden], row = prompt * sets + set
 */
function resumeWith(
  width: number,
  trace: Trace,
  setsOfPrompts: readonly (readonly Multipliers[])[],
): tf.Tensor2D {
  const prompts = setsOfPrompts.length;
  const sets = setsOfPrompts[0].length;
  const factors = activationFactors(width, setsOfPrompts.flat());
  const [first, factorsOfFirst] = [...factors].sort(([a], [b]) => a - b)[0];
  const ofPrompts = tf.reshape(trace.activations[first], [prompts, 1, width]);
  const activations = tf.mul(ofPrompts, tf.reshape(factorsOfFirst, [prompts, sets, width]));
  return trace.resume(first, tf.reshape(activations, [prompts * sets, width]), factors);
}

/** For each layer that a set changes the factors of each, 1 elsewhere: [sets, intermediateSize]. */
function activationFactors(width: number, sets: readonly Multipliers[]): ActivationFactors {
  const layers = new Set(sets.flatMap(set => [...set.keys()]));
  return new Map(
    [...layers].map(layer => {
      const values = new Float32Array(sets.length * width).fill(1);
      sets.forEach((set, row) => {
        for (const [index, factor] of set.get(layer) ?? []) values[row * width + index] = factor;
      });
      return [layer, tf.tensor2d(values, [sets.length, width])];
    }),
  );
}
