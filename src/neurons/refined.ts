import { compareNeurons, type Neuron } from './neuron.js';

/**
 * The neurons that are coarse in more than `share` of a fact's prompts (Dai et al., section 3.2; strictly more,
 * as in the replication), in the order of layers.
 * @param coarse the coarse neurons of each prompt
 */
export function refinedNeurons(coarse: readonly (readonly Neuron[])[], share: number): Neuron[] {
  const counts = new Map<string, { neuron: Neuron; prompts: number }>();
  for (const neurons of coarse) {
    for (const neuron of neurons) {
      const entry = counts.get(neuron.join()) ?? { neuron, prompts: 0 };
      entry.prompts++;
      counts.set(neuron.join(), entry);
    }
  }
  const least = coarse.length * share;
  return [...counts.values()]
    .filter(({ prompts }) => prompts > least)
    .map(({ neuron }) => neuron)
    .sort(compareNeurons);
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
