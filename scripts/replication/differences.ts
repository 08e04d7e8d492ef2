/** Where two findings about one fact differ. */
import { compareNeurons, type Neuron } from '../../src/neurons/neuron.js';
import { type Findings, type FindingsOfPrompt, METHOD, type Question } from './findings.js';

/** A neuron that one has in a list, and the other has not. */
export interface StrayNeuron {
  readonly neuron: Neuron;
  readonly onlyIn: 'kn' | 'replication';
}

/** A stray coarse neuron, and how far above the threshold its score is, as a share of it: below 0 where under it. */
export interface StrayCoarseNeuron extends StrayNeuron {
  readonly margins: { readonly kn: number; readonly replication: number };
}

export interface Differences {
  readonly prompts: readonly DifferencesOfPrompt[];
  readonly refined: readonly StrayNeuron[];
}

export interface DifferencesOfPrompt {
  /** None where the lists are equal. */
  readonly coarse: readonly StrayCoarseNeuron[];
  /** max |kn - replication| / max |replication| over the prompt's scores. */
  readonly scoreError: number;
}

/** Scores this near the threshold are told apart by the rounding of float32 in hundreds of sums, not by the method. */
export const TIE = 1e-5;

/**
 * Why a neuron is coarse in one alone: a tie; scores that differ, and lie on different sides of the threshold; or something else
 * than the scores, such as another threshold or another comparison with it.
 */
export const CAUSES = ['tie', 'scores', 'other'] as const;
export type Cause = (typeof CAUSES)[number];

export function causeOf({ margins: { kn, replication }, onlyIn }: StrayCoarseNeuron): Cause {
  if (Math.abs(kn) <= TIE && Math.abs(replication) <= TIE) return 'tie';
  const [own, others] = onlyIn === 'kn' ? [kn, replication] : [replication, kn];
  return own > 0 && others <= 0 ? 'scores' : 'other';
}

/** Whether a refined neuron that one alone has is a coarse one that one alone has: nothing else differs then. */
export function followsFromCoarse(stray: StrayNeuron, prompts: readonly DifferencesOfPrompt[]): boolean {
  return prompts.some(({ coarse }) =>
    coarse.some(({ neuron }) => compareNeurons(neuron, stray.neuron) === 0),
  );
}

/** @throws Error where the two tokenized a prompt differently, so that their lists are about different things */
export function differences({ prompts }: Question, kn: Findings, replication: Findings): Differences {
  return {
    prompts: prompts.map((prompt, i) => differencesOfPrompt(prompt, kn.prompts[i], replication.prompts[i])),
    refined: strayNeurons(kn.neurons, replication.neurons),
  };
}

function differencesOfPrompt(
  prompt: string,
  kn: FindingsOfPrompt,
  replication: FindingsOfPrompt,
): DifferencesOfPrompt {
  const [tokens, others] = [kn.tokens.join(' '), replication.tokens.join(' ')];
  if (tokens !== others)
    throw new Error(`"${prompt}" is the tokens ${tokens} to kn, and ${others} to the replication`);
  return {
    coarse: strayNeurons(kn.coarse, replication.coarse).map(stray => ({
      ...stray,
      margins: { kn: marginOf(stray.neuron, kn), replication: marginOf(stray.neuron, replication) },
    })),
    scoreError: scoreError(kn, replication),
  };
}

/** The neurons that one list alone has, in the order of layers; the lists may have any order. */
export function strayNeurons(kn: readonly Neuron[], replication: readonly Neuron[]): StrayNeuron[] {
  const onlyIn = (
    name: StrayNeuron['onlyIn'],
    own: readonly Neuron[],
    other: readonly Neuron[],
  ): StrayNeuron[] => {
    const others = new Set(other.map(neuron => neuron.join()));
    return own.filter(neuron => !others.has(neuron.join())).map(neuron => ({ neuron, onlyIn: name }));
  };
  return [...onlyIn('kn', kn, replication), ...onlyIn('replication', replication, kn)].sort((a, b) =>
    compareNeurons(a.neuron, b.neuron),
  );
}

function marginOf([layer, index]: Neuron, { scores }: FindingsOfPrompt): number {
  return scores[layer][index] / thresholdOf(scores) - 1;
}

function scoreError(kn: FindingsOfPrompt, replication: FindingsOfPrompt): number {
  const scale = fold(replication.scores, (max, score) => Math.max(max, Math.abs(score)), 0);
  const worst = fold(
    kn.scores,
    (max, score, layer, index) => Math.max(max, Math.abs(score - replication.scores[layer][index])),
    0,
  );
  return worst / scale;
}

function thresholdOf(scores: FindingsOfPrompt['scores']): number {
  return METHOD.threshold * fold(scores, (max, score) => Math.max(max, score), -Infinity);
}

function fold(
  scores: FindingsOfPrompt['scores'],
  next: (value: number, score: number, layer: number, index: number) => number,
  first: number,
): number {
  let value = first;
  scores.forEach((row, layer) => {
    for (let index = 0; index < row.length; index++) value = next(value, row[index], layer, index);
  });
  return value;
}
