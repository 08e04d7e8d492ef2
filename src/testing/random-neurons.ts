/** Neurons of made-up facts: few distinct ones, so that facts share many. The same seed gives the same. */
import type { Neuron } from '../neurons/neuron.js';

export interface MadeUpNeurons {
  readonly neurons: ReadonlyMap<string, readonly Neuron[]>;
  readonly relationOf: (uuid: string) => string;
}

export function randomNeurons(seed: number, facts: number, relations: number): MadeUpNeurons {
  let state = seed;
  /** A whole number below `end` (Numerical Recipes' linear congruence; its high bits). */
  const below = (end: number) => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * end);
  };
  const neurons = new Map<string, Neuron[]>();
  const relationOf = new Map<string, string>();
  for (let fact = 0; fact < facts; fact++) {
    const list = Array.from({ length: below(6) }, () => [below(4), below(5)] as const);
    neurons.set(`u-${fact}`, [...new Map(list.map(neuron => [neuron.join(), neuron])).values()]);
    relationOf.set(`u-${fact}`, `P${below(relations)}`);
  }
  return { neurons, relationOf: uuid => relationOf.get(uuid) ?? '' };
}
