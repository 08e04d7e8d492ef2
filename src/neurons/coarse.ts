import type { Scores } from '../attribution/scores.js';
import type { Neuron } from './neuron.js';

/** Which scores make a neuron coarse. */
export interface CoarseThreshold {
  /**
   * What the score must be above:
   * `adaptive`: this share of the prompt's highest score (Dai et al., section 3.1: 0.2; the replication: 0.3);
   * `absolute`: this score;
   * `percentile`: this percentile of the prompt's scores, from 0 to 100, as numpy.percentile interpolates it.
   */
  readonly kind: 'adaptive' | 'absolute' | 'percentile';
  readonly value: number;
  /**
   * The threshold itself is enough (Dai et al.'s code, src/2_get_kn.py, line 20), but never a score of 0. Default: false, as
   * in the replication (knowledge_neurons.py, get_coarse_neurons).
   */
  readonly inclusive?: boolean;
}

/**
 * Whether every score is 0, so that they say nothing about any neuron: as where the answer's probability is 0 in float32, and
 * its gradient with it.
 */
export function areSilent(scores: Scores): boolean {
  return scores.every(row => row.every(score => score === 0));
}

/** The neurons that one prompt's scores point at, in the order of layers; none where the scores are silent. */
export function coarseNeurons(scores: Scores, threshold: CoarseThreshold): Neuron[] {
  if (areSilent(scores)) return [];
  const least = scoreAtThreshold(scores, threshold);
  const neurons: Neuron[] = [];
  scores.forEach((row, layer) => {
    row.forEach((score, index) => {
      // Where no score is above 0, 0 is a share of the highest: it would let in all that contribute nothing.
      const reaches = threshold.inclusive && score === least && score !== 0;
      if (score > least || reaches) neurons.push([layer, index]);
    });
  });
  return neurons;
}

/** What a score must be above. */
export function scoreAtThreshold(scores: Scores, { kind, value }: CoarseThreshold): number {
  switch (kind) {
    case 'absolute':
      return value;
    case 'adaptive':
      return (
        value *
        scores.reduce((max, row) => row.reduce((a, b) => Math.max(a, b), max), Number.NEGATIVE_INFINITY)
      );
    case 'percentile':
      return percentileOf(scores, value);
  }
}

/** numpy.percentile with its default, linear interpolation between the two nearest ranks. */
export function percentileOf(scores: Scores, percent: number): number {
  const sorted = new Float32Array(scores.reduce((size, row) => size + row.length, 0));
  let filled = 0;
  for (const row of scores) {
    sorted.set(row, filled);
    filled += row.length;
  }
  sorted.sort();
  const rank = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(rank);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
}
