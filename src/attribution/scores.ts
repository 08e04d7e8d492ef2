import type * as tf from '@tensorflow/tfjs-core';
import type { Site, Trace } from '../model/language-model.js';
import { readFinite } from '../model/read-finite.js';
import type { Query } from '../model/tokenizer/tokenizer.js';

/** A score for each feed-forward neuron: one array of intermediateSize values a layer. */
export type Scores = readonly Float32Array[];

/** Passes that start from a trace: one for each step of each layer, but those at alpha = 1, which all layers share. */
export interface PassCount {
  readonly done: number;
  /** Of them, by the layer that they start in. */
  readonly ofLayers: readonly number[];
  /** That the rule has. */
  readonly ofRule: number;
}

/** A prompt's scores, and what they took. */
export interface ScoredPrompt {
  readonly scores: Scores;
  readonly passes: PassCount;
}

/** Where neurons are, and how much goes through the model at once: the same for every method. */
export interface ScoringOptions {
  /** Default: `post`. */
  readonly site?: Site;
  /** What the values of a batch may take, in bytes; default: what suits the engine. */
  readonly batchBytes?: number;
  /** How many passes go through the model at once; default: as many as fit `batchBytes`. */
  readonly samplesAtOnce?: number;
}

/** Told how many layers of prompts were scored since the last call: layers x prompts of them make the whole. */
export type OnScored = (layersOfPrompts: number) => void;

/**
 * Shown every trace that scores are made from, so that what else it holds needs no pass of its own.
 * @param first its first prompt, of those that are scored
 */
export type OnTraced = (trace: Trace, first: number) => Promise<void>;

/** The same of queries that were asked for: shown every trace, once, and whose it is. */
export type OnQueriesTraced = (trace: Trace, queries: readonly Query[]) => Promise<void>;

/**
 * A row for each prompt, of one layer's scores [prompts, intermediateSize]. Disposes of `scores`.
 * @throws UserError where one is not finite
 */
export async function readScores(scores: tf.Tensor2D): Promise<Float32Array[]> {
  const [prompts, width] = scores.shape;
  const values = await readFinite(scores, 'a score');
  return Array.from({ length: prompts }, (_, prompt) => values.slice(prompt * width, (prompt + 1) * width));
}
