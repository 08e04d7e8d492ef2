import type { Sharing } from '../neurons/refined.js';
import type { FactNeurons } from './options.js';

/** Where a refined neuron is coarse: "in more than 0.5 of 4 prompts". */
export function sharingText({ share, inclusive, leastPrompts = 1 }: Sharing, prompts: string): string {
  const least = leastPrompts > 1 ? `, and in ${leastPrompts} at least` : '';
  return `in ${inclusive ? `${share} or more` : `more than ${share}`} of ${prompts}${least}`;
}

/**
 * Why a fact has no refined neuron, and what may find some.
 * @returns undefined where it has some, and where every prompt is silent, which is said of each
 */
export function whyNoNeurons(
  { neurons, removed, prompts }: FactNeurons,
  sharing: Sharing,
): string | undefined {
  if (neurons.length > 0) return undefined;
  if (removed.length > 0) return `All neurons found, ${removed.length}, are coarse in a negative prompt too.`;
  const speaking = prompts.filter(({ silent }) => !silent);
  if (speaking.length === 0) return undefined;
  if (speaking.every(({ coarse }) => coarse.length === 0))
    return 'No neuron is coarse in any of the prompts; a lower threshold may find some.';
  const remedy = speaking.length < (sharing.leastPrompts ?? 1) ? 'more prompts' : 'a lower --share';
  return `No neuron is coarse ${sharingText(sharing, 'the prompts')}; ${remedy} may find some.`;
}
