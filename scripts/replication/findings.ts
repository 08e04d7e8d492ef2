import type { Neuron } from '../../src/neurons/neuron.js';

/** What one of the two finds about a fact. */
export interface Findings {
  /** For all prompts, from their text to the refined neurons. */
  readonly seconds: number;
  /** Of all threads, waiting in a loop counted: over seconds, the cores that the machine gave. */
  readonly cpuSeconds: number;
  /** The refined neurons. */
  readonly neurons: readonly Neuron[];
  readonly prompts: readonly FindingsOfPrompt[];
}

export interface FindingsOfPrompt {
  /** With [CLS] and [SEP]: that both were asked the same. */
  readonly tokens: readonly number[];
  /** [layers][intermediateSize] */
  readonly scores: readonly ArrayLike<number>[];
  readonly coarse: readonly Neuron[];
}

/** A fact to find the neurons of. */
export interface Question {
  readonly prompts: readonly string[];
  /** A token of the vocabulary, as it is spelled there. */
  readonly answer: string;
}

/** The replication's defaults; `kn find` has the same for a single fact. */
export const METHOD = { rule: 'riemann_endpoints', steps: 20, threshold: 0.3, share: 0.5 } as const;
