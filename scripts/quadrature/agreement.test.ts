import { describe, expect, it } from 'vitest';
import type { Neuron } from '../../src/neurons/neuron.js';
import { agreement, summarise } from './agreement.js';

const found = (neurons: Neuron[], coarse: Neuron[][], scores: number[]) => ({
  neurons,
  prompts: coarse.map(coarse => ({
    ...{ coarse, scores: [Float32Array.of(...scores)], silent: false },
    passes: { done: 0, ofLayers: [], ofRule: 0 },
  })),
});

describe('the agreement of two quadratures', () => {
  const reference = found([[0, 1]], [[[0, 0]], [[0, 1]]], [3, 4]);

  it('is what two lists share over all that is in either, and the error over the norm', () => {
    const both: Neuron[] = [
      [0, 0],
      [0, 1],
    ];
    const other = found([], [[[0, 0]], both], [3, 4.5]);
    const { prompts, jaccard } = agreement(other, reference);
    expect(jaccard).toBe(0);
    expect(prompts).toEqual([
      { jaccard: 1, error: 0.1 },
      { jaccard: 0.5, error: 0.1 },
    ]);
  });

  it('is whole for lists that are both empty', () => {
    const none = found([], [[]], [1]);
    expect(agreement(none, none)).toEqual({ jaccard: 1, prompts: [{ jaccard: 1, error: 0 }] });
  });

  it('is summed up by the shares of prompts and facts whose neurons are the same', () => {
    const prompts = [
      { jaccard: 1, error: 0.1 },
      { jaccard: 0.5, error: 0.3 },
    ];
    const summary = summarise([
      { jaccard: 1, prompts },
      { jaccard: 0, prompts: prompts.slice(0, 1) },
    ]);
    expect(summary).toMatchObject({ prompts: 3, facts: 2, sameRefined: 0.5, refinedJaccard: 0.5 });
    expect(summary).toMatchObject({ medianError: 0.1, worstError: 0.3 });
    expect(summary.sameCoarse).toBeCloseTo(2 / 3, 12);
    expect(summary.coarseJaccard).toBeCloseTo(2.5 / 3, 12);
  });
});
