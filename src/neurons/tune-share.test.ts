/** Sharing and its tuning on cases worked out by hand, after Dai et al.'s src/2_get_kn.py. */
import { describe, expect, it } from 'vitest';
import { countPrompts, type PromptCount } from './prompt-counts.js';
import { refinedNeurons, sharedNeurons } from './refined.js';
import { type FactCounts, tuneShare } from './tune-share.js';

/** A fact of ten prompts (or of so many) whose neurons [0, 0], [0, 1], ... are coarse in so many of them. */
const fact = (coarseIn: readonly number[], prompts = 10): FactCounts => ({
  prompts,
  counts: coarseIn.map((count, index): PromptCount => [0, index, count]),
});

const DAI = { share: 0.7, inclusive: true, leastPrompts: 3 };

describe('the prompts that a neuron is coarse in', () => {
  it('are counted, in the order that neurons are first met in', () => {
    const coarse: [number, number][][] = [[[1, 7], [0, 9]], [[0, 9]], [], [[0, 2], [0, 9]]]; // biome-ignore format: a prompt each
    expect(countPrompts(coarse)).toEqual([
      [1, 7, 1],
      [0, 9, 3],
      [0, 2, 1],
    ]);
    expect(countPrompts([])).toEqual([]);
  });

  it('are enough at the share itself where it is inclusive, and above it where it is not', () => {
    const counts: PromptCount[] = [
      [0, 1, 6],
      [0, 2, 7],
      [0, 3, 8],
    ];
    // 0.7 x 10 is 7 in double precision too.
    expect(sharedNeurons(counts, 10, DAI).map(([, index]) => index)).toEqual([2, 3]);
    expect(sharedNeurons(counts, 10, { share: 0.7 }).map(([, index]) => index)).toEqual([3]);
  });

  it('are 3 at least, however few a fact has', () => {
    // Of four prompts 0.7 asks for 2.8, of three for 2.1, of two for 1.4: three are asked for all the same.
    expect(sharedNeurons([[0, 1, 3]], 4, DAI)).toEqual([[0, 1]]);
    expect(sharedNeurons([[0, 1, 2]], 3, DAI)).toEqual([]);
    expect(sharedNeurons([[0, 1, 3]], 3, DAI)).toEqual([[0, 1]]);
    expect(sharedNeurons([[0, 1, 2]], 2, DAI)).toEqual([]);
    expect(sharedNeurons([[0, 1, 2]], 4, { ...DAI, share: 0.5 })).toEqual([]);
  });

  it('are what refined neurons are made of, by either rule, in the order of layers', () => {
    expect(refinedNeurons([[[2, 5], [0, 1]], [[2, 5], [0, 1]]], 0.5)).toEqual([[0, 1], [2, 5]]); // biome-ignore format: a prompt each
    const coarse: [number, number][][] = [[[0, 1]], [[0, 1]], [[2, 5], [0, 1]], [[2, 5]]]; // biome-ignore format: a prompt each
    expect(refinedNeurons(coarse, 0.5)).toEqual([[0, 1]]);
    expect(refinedNeurons(coarse, 0.5, { inclusive: true })).toEqual([
      [0, 1],
      [2, 5],
    ]);
    expect(refinedNeurons(coarse, 0.5, { inclusive: true, leastPrompts: 3 })).toEqual([[0, 1]]);
  });
});

describe("a relation's share", () => {
  it('stays where its facts have 2 to 5 neurons on average, both included', () => {
    // Two neurons and two; six and four: the averages are 2 and 5.
    for (const [facts, average] of [
      [[fact([7, 8, 6]), fact([10, 9])], 2],
      [[fact([7, 7, 7, 7, 7, 7]), fact([9, 9, 9, 9])], 5],
    ] as const) {
      const { share, tries, neuronsPerFact } = tuneShare(facts, DAI);
      expect({ share, tries, neuronsPerFact }).toEqual({ share: 0.7, tries: 1, neuronsPerFact: average });
    }
  });

  it('counts facts that have none in the average', () => {
    // 5 neurons and none: 2.5.
    const { tries, neuronsPerFact, neurons } = tuneShare([fact([9, 9, 9, 9, 9]), fact([1])], DAI);
    expect({ tries, neuronsPerFact }).toEqual({ tries: 1, neuronsPerFact: 2.5 });
    expect(neurons[1]).toEqual([]);
  });

  it('is lowered by 0.05 until there are 2', () => {
    // At 0.7 one neuron has 7 prompts of 10; at 0.65 that is 6.5; at 0.6 the one with 6 comes in: the third try.
    const { share, tries, neurons } = tuneShare([fact([7, 6, 5])], DAI);
    expect(share).toBeCloseTo(0.6, 12);
    expect(tries).toBe(3);
    expect(neurons).toEqual([
      [
        [0, 0],
        [0, 1],
      ],
    ]);
  });

  it('is raised by 0.05 until there are 5', () => {
    // Seven have 7 or more; at 0.75, which is 7.5, five have 8 or more: the second try.
    const { share, tries, neuronsPerFact } = tuneShare([fact([7, 7, 8, 8, 8, 8, 8])], DAI);
    expect(share).toBeCloseTo(0.75, 12);
    expect({ tries, neuronsPerFact }).toEqual({ tries: 2, neuronsPerFact: 5 });
  });

  it('is tried six times: the neurons are those of the sixth, and no seventh share is taken', () => {
    const low = tuneShare([fact([4, 4])], DAI); // 0.7 - 5 x 0.05 is 0.45, of 10 prompts 4.5
    expect(low.share).toBeCloseTo(0.45, 12);
    expect(low).toMatchObject({ tries: 6, neuronsPerFact: 0, neurons: [[]] });
    const high = tuneShare([fact([10, 10, 10, 10, 10, 10])], DAI);
    expect(high.share).toBeCloseTo(0.95, 12);
    expect(high).toMatchObject({ tries: 6, neuronsPerFact: 6 });
  });

  it('may go down and up again, and then the sixth try counts', () => {
    // Six neurons have 7 prompts, one has 8: 7 neurons at 0.7, 1 at 0.75, 7 at 0.7, ...
    const { share, tries, neuronsPerFact } = tuneShare([fact([7, 7, 7, 7, 7, 7, 8])], DAI);
    expect(share).toBeCloseTo(0.75, 12);
    expect({ tries, neuronsPerFact }).toEqual({ tries: 6, neuronsPerFact: 1 });
  });

  it('adds its steps up in double precision, as Python does', () => {
    // Six neurons until 0.85; the fifth try, 0.9000000000000001, asks for 9.000000000000002 prompts of 10.
    const { share, tries, neuronsPerFact } = tuneShare([fact([9, 9, 9, 9, 10, 10])], DAI);
    expect(share).toBe(0.9000000000000001);
    expect({ tries, neuronsPerFact }).toEqual({ tries: 5, neuronsPerFact: 2 });
  });

  it('never asks for fewer than 3 prompts', () => {
    // Of 5 prompts 0.45 asks for 2.25.
    expect(tuneShare([fact([2, 2, 2], 5)], DAI).neuronsPerFact).toBe(0);
  });
});
