/**
 * The share of prompts that a relation's neurons need, tuned until its facts have a few of them each: the main loop of
 * Dai et al.'s code (src/2_get_kn.py, lines 93 to 102 for knowledge neurons, 111 to 120 for the baseline's, which it tunes
 * in the same way).
 */
import type { Neuron } from './neuron.js';
import type { PromptCount } from './prompt-counts.js';
import { type Sharing, sharedNeurons } from './refined.js';

/** What the share is tuned by, how often it is tried, and the mean numbers of neurons a fact that it stops at. */
export const TUNING = { step: 0.05, tries: 6, fewest: 2, most: 5 } as const;

/** One fact of a relation. */
export interface FactCounts {
  /** How many it has that are not silent. */
  readonly prompts: number;
  readonly counts: readonly PromptCount[];
}

export interface TunedNeurons {
  /** Of each fact, in the given order, in the order of its counts. */
  readonly neurons: readonly (readonly Neuron[])[];
  /** That these neurons were made with. */
  readonly share: number;
  /** Their mean number over the facts, those with none among them. */
  readonly neuronsPerFact: number;
  /** How many shares were tried, 1 to 6. */
  readonly tries: number;
}

/**
 * The neurons of one relation's facts. The share is lowered where facts have fewer than 2 neurons on average, raised where
 * they have more than 5. Of six tries the last counts, whatever its average is. Steps add up in double precision, as there:
 * 0.7 raised four times is 0.9000000000000001, for which 9 prompts of 10 are too few.
 * @param sharing where the share begins; the comparison and the minimum stay
 */
export function tuneShare(facts: readonly FactCounts[], sharing: Sharing): TunedNeurons {
  let { share } = sharing;
  for (let tries = 1; ; tries++) {
    const neurons = facts.map(({ prompts, counts }) => sharedNeurons(counts, prompts, { ...sharing, share }));
    const neuronsPerFact = neurons.reduce((sum, list) => sum + list.length, 0) / facts.length;
    const enough = neuronsPerFact >= TUNING.fewest && neuronsPerFact <= TUNING.most;
    if (enough || tries === TUNING.tries) return { neurons, share, neuronsPerFact, tries };
    share += neuronsPerFact < TUNING.fewest ? -TUNING.step : TUNING.step;
  }
}
