/** Where the neurons of the two paths differ. */
import type { Path } from '../../src/attribution/methods.js';
import type { Scores } from '../../src/attribution/scores.js';
import { type CoarseThreshold, scoreAtThreshold } from '../../src/neurons/coarse.js';
import { compareNeurons, type Neuron } from '../../src/neurons/neuron.js';

/** A neuron that the list of one path alone has. */
export interface StrayNeuron {
  readonly neuron: Neuron;
  readonly onlyIn: Path;
}

/** In the order of layers. */
export function strayNeurons(lists: Readonly<Record<Path, readonly Neuron[]>>): StrayNeuron[] {
  const onlyIn = (path: Path, other: Path) => {
    const others = new Set(lists[other].map(String));
    return lists[path]
      .filter(neuron => !others.has(String(neuron)))
      .map(neuron => ({ neuron, onlyIn: path }));
  };
  return [...onlyIn('exact', 'interpolated'), ...onlyIn('interpolated', 'exact')].sort((a, b) =>
    compareNeurons(a.neuron, b.neuron),
  );
}

/**
 * Scores this near the threshold, as a share of it, are told apart by float32: the exact path itself puts them on either side, as the
 * batch is that a prompt goes through the model with.
 */
const TIE = 1e-6;

export function isTie(margin: number): boolean {
  return Math.abs(margin) <= TIE;
}

/**
 * How far a neuron's score is above the threshold, below 0 where under it, as a share of the threshold.
 * @param exact the scores of the prompt
 */
export function marginOf([layer, index]: Neuron, exact: Scores, threshold: CoarseThreshold): number {
  const least = scoreAtThreshold(exact, threshold);
  return (exact[layer][index] - least) / Math.abs(least);
}
