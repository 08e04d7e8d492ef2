import { describe, expect, it } from 'vitest';
import type { Neuron } from '../../src/neurons/neuron.js';
import { isTie, marginOf, strayNeurons } from './differences.js';

describe('where two paths differ', () => {
  it('is each neuron that one list alone has, in the order of layers, whatever the order of the lists', () => {
    const exact: Neuron[] = [
      [1, 7],
      [0, 2],
      [0, 1],
    ];
    const interpolated: Neuron[] = [
      [0, 1],
      [0, 3],
      [1, 7],
    ];
    expect(strayNeurons({ exact, interpolated })).toEqual([
      { neuron: [0, 2], onlyIn: 'exact' },
      { neuron: [0, 3], onlyIn: 'interpolated' },
    ]);
    expect(strayNeurons({ exact, interpolated: [...exact].reverse() })).toEqual([]);
  });

  it('comes with how far the exact score is from the threshold, as a share of it', () => {
    const scores = [Float32Array.of(1, 2), Float32Array.of(4, -4)];
    expect(marginOf([0, 1], scores, { kind: 'adaptive', value: 0.25 })).toBe(1);
    expect(marginOf([0, 0], scores, { kind: 'absolute', value: 2 })).toBe(-0.5);
    expect(marginOf([1, 0], scores, { kind: 'absolute', value: -2 })).toBe(3);
    expect(marginOf([0, 0], scores, { kind: 'percentile', value: 100 })).toBe(-0.75);
    expect([-2e-7, 2e-7, 2e-6, -0.5].map(isTie)).toEqual([true, true, false, false]);
  });
});
