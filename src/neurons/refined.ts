import { compareNeurons, type Neuron } from './neuron.js';
import { countPrompts, type PromptCount } from './prompt-counts.js';

/** In how many of a fact's prompts a refined neuron is coarse. */
export interface Sharing {
  /** Of the prompts: in more than these, or in as many where `inclusive`. */
  readonly share: number;
  /** Default: false, as in the replication. */
  readonly inclusive?: boolean;
  /** In so many prompts at least, however few they are in all. Default: 1. */
  readonly leastPrompts?: number;
}

/**
 * The neurons that are coarse in more than `share` of a fact's prompts (Dai et al., section 3.2; strictly more,
 * as in the replication), in the order of layers.
 * @param coarse the coarse neurons of each prompt
 */
export function refinedNeurons(
  coarse: readonly (readonly Neuron[])[],
  share: number,
  sharing: Omit<Sharing, 'share'> = {},
): Neuron[] {
  return sharedNeurons(countPrompts(coarse), coarse.length, { ...sharing, share }).sort(compareNeurons);
}

/**
 * The same from the counts alone, in their order. With `inclusive` and 3 `leastPrompts` it is `parse_kn` of Dai et al.'s code
 * (src/2_get_kn.py, lines 32 to 39).
 * @param prompts of the fact
 */
export function sharedNeurons(
  counts: readonly PromptCount[],
  prompts: number,
  { share, inclusive = false, leastPrompts = 1 }: Sharing,
): Neuron[] {
  const least = prompts * share;
  return counts
    .filter(([, , count]) => count >= leastPrompts && (inclusive ? count >= least : count > least))
    .map(([layer, index]) => [layer, index]);
}

/** Neurons that are coarse in a negative prompt, and those that are in none. */
export function splitByNegatives(
  neurons: readonly Neuron[],
  coarseOfNegatives: readonly (readonly Neuron[])[],
): { kept: Neuron[]; removed: Neuron[] } {
  // By their text: a neuron is a pair, and two pairs of the same numbers are two objects.
  const negative = new Set(coarseOfNegatives.flat().map(String));
  return {
    kept: neurons.filter(neuron => !negative.has(String(neuron))),
    removed: neurons.filter(neuron => negative.has(String(neuron))),
  };
}
