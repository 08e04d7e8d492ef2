import { describe, expect, it } from 'vitest';
import type { LayerEstimate } from './layer-estimate.js';
import { areSilent, everyLayerExactly, SCORES_WITHIN, undecidedOf, undecidedScores } from './undecided.js';

const layer = (scores: readonly number[], bar: number, exact = false): LayerEstimate => ({
  scores: Float32Array.from(scores),
  largest: Math.max(...scores.map(Math.abs)),
  bar,
  exact,
});
const open = (layers: readonly LayerEstimate[]) => [...undecidedScores(layers)];

describe('scores that somebody reads', () => {
  it('are open in each layer that is not known to 1e-6 of the highest score of all', () => {
    expect(SCORES_WITHIN).toBe(1e-6);
    const layers = [
      layer([1e-3, 0], 0.9e-5),
      layer([10, 2], 1.1e-5),
      layer([-3, 1], 0.99e-5),
      layer([5], 2e-5),
    ];
    expect(open(layers)).toEqual([
      [1, 'further'],
      [3, 'further'],
    ]);
  });

  it('are held against the largest without its sign', () => {
    expect(open([layer([-10, 1], 0.9e-5), layer([1], 0.9e-5)])).toEqual([]);
  });

  it('are known where the rule itself ran, whatever the others are', () => {
    expect(open([layer([1], 0, true), layer([0.5], 1)])).toEqual([[1, 'further']]);
    expect(open([layer([1], 0, true), layer([0.5], 0, true)])).toEqual([]);
  });

  it('are open by the rule itself where all are 0, which points say nothing about', () => {
    const silent = [layer([0, -0], 0), layer([0, 0], 0, true), layer([0, 0], 0)];
    expect(areSilent(silent)).toBe(true);
    expect(open(silent)).toEqual([
      [0, 'exactly'],
      [2, 'exactly'],
    ]);
    expect(open(silent.map(({ scores }) => layer([...scores], 0, true)))).toEqual([]);
    expect(areSilent([layer([0], 0), layer([1e-45], 0)])).toBe(false);
  });
});

describe('two questions', () => {
  it('leave open what either does, by the rule itself where one of them asks so', () => {
    const layers = [layer([1], 0), layer([1], 0), layer([1], 0)];
    const further = () =>
      new Map([
        [0, 'further' as const],
        [1, 'further' as const],
      ]);
    const exactly = () =>
      new Map([
        [1, 'exactly' as const],
        [2, 'exactly' as const],
      ]);
    const expected = new Map([
      [0, 'further'],
      [1, 'exactly'],
      [2, 'exactly'],
    ]);
    expect(undecidedOf(further, exactly)(layers)).toEqual(expected);
    expect(undecidedOf(exactly, further)(layers)).toEqual(expected);
    expect(undecidedOf(() => new Map())(layers).size).toBe(0);
  });
});

it('every layer by the rule is every one that is not', () => {
  expect([...everyLayerExactly([layer([1], 0), layer([1], 0, true)]).keys()]).toEqual([0]);
});
