import type { Neuron } from './neuron.js';

/** A neuron, and in how many of a fact's prompts it is coarse. */
export type PromptCount = readonly [layer: number, index: number, prompts: number];

/**
 * Every neuron that is coarse in some prompt, in the order that they are first met in: prompt by prompt, of a prompt in the
 * given order. It is the order of a `Counter` in Dai et al.'s code (src/2_get_kn.py, lines 56 to 62), which decides there
 * between neurons that as many facts have.
 * @param coarse the coarse neurons of each prompt
 */
export function countPrompts(coarse: readonly (readonly Neuron[])[]): PromptCount[] {
  const counts = new Map<string, { neuron: Neuron; prompts: number }>();
  for (const neurons of coarse) {
    for (const neuron of neurons) {
      const entry = counts.get(neuron.join()) ?? { neuron, prompts: 0 };
      entry.prompts++;
      counts.set(neuron.join(), entry);
    }
  }
  return [...counts.values()].map(({ neuron: [layer, index], prompts }) => [layer, index, prompts]);
}
