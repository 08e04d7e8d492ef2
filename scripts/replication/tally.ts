/** What is kept of facts that were compared: a few numbers of each, so that thousands fit in memory. */
import type { Neuron } from '../../src/neurons/neuron.js';
import { CAUSES, type Cause, causeOf, type Differences, followsFromCoarse } from './differences.js';
import type { Findings, Question } from './findings.js';

export interface ComparedFact {
  readonly question: Question;
  readonly kn: Findings;
  readonly differences: Differences;
}

/** Of one fact, or of several together. */
export interface Tally {
  readonly facts: number;
  readonly prompts: number;
  /** Neurons as kn finds them. */
  readonly coarseNeurons: number;
  readonly refinedNeurons: number;
  /** Prompts whose coarse lists differ, and facts whose refined lists do. */
  readonly promptsThatDiffer: number;
  readonly factsThatDiffer: number;
  /** Neurons that are coarse in one alone, by why. */
  readonly coarseStrays: Readonly<Record<Cause, number>>;
  /** Neurons that are refined in one alone: because of coarse ones, or of something else. */
  readonly refinedStrays: { readonly ofCoarse: number; readonly other: number };
  /** Of each prompt, by how much scores differ. */
  readonly scoreErrors: readonly number[];
}

export function tallyOf({ kn, differences: { prompts, refined } }: ComparedFact): Tally {
  const causes = prompts.flatMap(({ coarse }) => coarse.map(causeOf));
  const ofCoarse = refined.filter(stray => followsFromCoarse(stray, prompts)).length;
  const count = (neurons: readonly Neuron[]) => neurons.length;
  return {
    facts: 1,
    prompts: prompts.length,
    coarseNeurons: sum(kn.prompts.map(({ coarse }) => count(coarse))),
    refinedNeurons: count(kn.neurons),
    promptsThatDiffer: prompts.filter(({ coarse }) => coarse.length > 0).length,
    factsThatDiffer: refined.length > 0 ? 1 : 0,
    coarseStrays: byCause(cause => causes.filter(one => one === cause).length),
    refinedStrays: { ofCoarse, other: refined.length - ofCoarse },
    scoreErrors: prompts.map(({ scoreError }) => scoreError),
  };
}

export function addTallies(tallies: readonly Tally[]): Tally {
  const total = (of: (tally: Tally) => number) => sum(tallies.map(of));
  return {
    facts: total(tally => tally.facts),
    prompts: total(tally => tally.prompts),
    coarseNeurons: total(tally => tally.coarseNeurons),
    refinedNeurons: total(tally => tally.refinedNeurons),
    promptsThatDiffer: total(tally => tally.promptsThatDiffer),
    factsThatDiffer: total(tally => tally.factsThatDiffer),
    coarseStrays: byCause(cause => total(({ coarseStrays }) => coarseStrays[cause])),
    refinedStrays: {
      ofCoarse: total(({ refinedStrays }) => refinedStrays.ofCoarse),
      other: total(({ refinedStrays }) => refinedStrays.other),
    },
    scoreErrors: tallies.flatMap(({ scoreErrors }) => scoreErrors),
  };
}

/** Neurons that are in a list of one alone. */
export function straysOf({ coarseStrays, refinedStrays }: Tally): number {
  return sum(CAUSES.map(cause => coarseStrays[cause])) + refinedStrays.ofCoarse + refinedStrays.other;
}

function byCause(count: (cause: Cause) => number): Record<Cause, number> {
  return { tie: count('tie'), scores: count('scores'), other: count('other') };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
