import type { Sharing } from '../../neurons/refined.js';

/** Where a refined neuron is coarse: "in more than 0.5 of 4 prompts". */
export function sharingText({ share, inclusive, leastPrompts = 1 }: Sharing, prompts: string): string {
  const least = leastPrompts > 1 ? `, and in ${leastPrompts} at least` : '';
  return `in ${inclusive ? `${share} or more` : `more than ${share}`} of ${prompts}${least}`;
}
