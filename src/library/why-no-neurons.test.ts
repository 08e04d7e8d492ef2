import { describe, expect, it } from 'vitest';
import type { Neuron } from '../neurons/neuron.js';
import type { FactNeurons } from './options.js';
import { whyNoNeurons } from './why-no-neurons.js';

const REPLICATION = { share: 0.5 };
const DAI = { share: 0.7, inclusive: true, leastPrompts: 3 };

/** @param coarse of each prompt */
function found(coarse: readonly (readonly Neuron[])[], rest: Partial<FactNeurons> = {}): FactNeurons {
  const prompts = coarse.map((neurons, i) => ({
    ...{ prompt: `prompt ${i}`, probability: 0.5, rank: 1, coarse: neurons },
    ...{ scores: [Float32Array.of(1)], silent: false },
    passes: { done: 0, ofLayers: [], ofRule: 0 },
  }));
  return { answerTokens: ['a'], neurons: [], removed: [], negativePrompts: [], prompts, ...rest };
}

describe('why a fact has no neurons', () => {
  it('is not said where it has some', () => {
    expect(whyNoNeurons(found([[[0, 1]]], { neurons: [[0, 1]] }), REPLICATION)).toBeUndefined();
  });

  it('is that its prompts share none: a lower share may find some', () => {
    expect(whyNoNeurons(found([[[0, 1]], [[0, 2]]]), REPLICATION)).toBe(
      'No neuron is coarse in more than 0.5 of the prompts; a lower --share may find some.',
    );
  });

  it('is that there are fewer prompts than the protocol asks for, whatever the share', () => {
    expect(whyNoNeurons(found([[[0, 1]], [[0, 1]]]), DAI)).toBe(
      'No neuron is coarse in 0.7 or more of the prompts, and in 3 at least; more prompts may find some.',
    );
  });

  it('is the threshold where no prompt has a coarse neuron, whatever the share', () => {
    expect(whyNoNeurons(found([[], []]), REPLICATION)).toBe(
      'No neuron is coarse in any of the prompts; a lower threshold may find some.',
    );
  });

  it('is that negative prompts took all of them out', () => {
    expect(whyNoNeurons(found([[[0, 1]]], { removed: [[0, 1]] }), REPLICATION)).toBe(
      'All neurons found, 1, are coarse in a negative prompt too.',
    );
  });
});
