/** How near the neurons and scores of one quadrature are to those of another. */
import type { FoundNeurons } from '../../src/neurons/find.js';
import type { Neuron } from '../../src/neurons/neuron.js';
import { median } from '../../src/setup/product-rate.js';

/** Of one fact. */
export interface Agreement {
  readonly prompts: readonly {
    /** Of the two lists of coarse neurons: what they share over all that is in either. */
    readonly jaccard: number;
    /** ||scores - reference|| / ||reference|| over all layers. */
    readonly error: number;
  }[];
  /** Of the two lists of refined neurons. */
  readonly jaccard: number;
}

export interface Summary {
  readonly prompts: number;
  readonly facts: number;
  /** Of the prompts, those whose coarse neurons are the same. */
  readonly sameCoarse: number;
  readonly coarseJaccard: number;
  /** Of the facts, those whose refined neurons are the same. */
  readonly sameRefined: number;
  readonly refinedJaccard: number;
  readonly medianError: number;
  readonly worstError: number;
}

type Found = Pick<FoundNeurons, 'neurons' | 'prompts'>;

export function agreement(found: Found, reference: Found): Agreement {
  return {
    jaccard: jaccard(found.neurons, reference.neurons),
    prompts: found.prompts.map(({ coarse, scores }, i) => {
      const other = reference.prompts[i];
      return { jaccard: jaccard(coarse, other.coarse), error: relativeError(scores, other.scores) };
    }),
  };
}

export function summarise(agreements: readonly Agreement[]): Summary {
  const prompts = agreements.flatMap(({ prompts }) => prompts);
  const errors = prompts.map(({ error }) => error);
  return {
    prompts: prompts.length,
    facts: agreements.length,
    sameCoarse: mean(prompts.map(({ jaccard }) => Number(jaccard === 1))),
    coarseJaccard: mean(prompts.map(({ jaccard }) => jaccard)),
    sameRefined: mean(agreements.map(({ jaccard }) => Number(jaccard === 1))),
    refinedJaccard: mean(agreements.map(({ jaccard }) => jaccard)),
    medianError: median(errors),
    worstError: Math.max(...errors),
  };
}

/** 1 for two empty lists: they are the same. */
function jaccard(a: readonly Neuron[], b: readonly Neuron[]): number {
  const other = new Set(b.map(String));
  const shared = a.filter(neuron => other.has(String(neuron))).length;
  const all = a.length + b.length - shared;
  return all === 0 ? 1 : shared / all;
}

function relativeError(scores: readonly Float32Array[], reference: readonly Float32Array[]): number {
  let [difference, whole] = [0, 0];
  reference.forEach((row, layer) => {
    row.forEach((value, index) => {
      difference += (scores[layer][index] - value) ** 2;
      whole += value ** 2;
    });
  });
  return Math.sqrt(difference / whole);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
