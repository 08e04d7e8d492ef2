import { describe, expect, it } from 'vitest';
import type { Neuron } from '../../neurons/neuron.js';
import { fact } from '../../testing/made-up-update.js';
import { drawTarget, rarelyShared } from './plan.js';

describe('a neuron that is updated', () => {
  // [0, 1] is one of all four facts, [0, 2] of two, [0, 3] of one.
  const lists: Neuron[][] = [
    [
      [0, 1],
      [0, 2],
    ],
    [
      [0, 1],
      [0, 2],
    ],
    [
      [0, 1],
      [0, 3],
    ],
    [[0, 1]],
  ];

  it.each<[number, Neuron[]]>([
    [0, [[0, 3]]],
    [0.33, [[0, 3]]],
    [
      0.34,
      [
        [0, 2],
        [0, 3],
      ],
    ], // one of the three others
    [
      1,
      [
        [0, 1],
        [0, 2],
        [0, 3],
      ],
    ],
  ])("is one of at most %d of the relation's other facts", (share, expected) => {
    const all: Neuron[] = [
      [0, 1],
      [0, 2],
      [0, 3],
    ];
    expect(all.filter(rarelyShared(lists, share))).toEqual(expected);
  });

  it("of a relation's only fact is its own", () => {
    expect(rarelyShared([[[0, 1]]], 0)([0, 1])).toBe(true);
  });
});

describe('a target', () => {
  const facts = [fact('a', 'Paris'), fact('b', 'Rome'), fact('c', 'paris'), fact('d', 'Lima')];
  const answerOf = (object: string) => object.toLowerCase();

  it("is another fact's object that is another answer, the same at each draw", () => {
    const drawn = Array.from({ length: 50 }, (_, seed) => drawTarget(facts[0], facts, answerOf, seed));
    expect(new Set(drawn)).toEqual(new Set(['Rome', 'Lima']));
    expect(drawTarget(facts[0], facts, answerOf, 7)).toBe(drawn[7]);
  });

  it('is not to be had where all facts have one answer', () => {
    expect(drawTarget(facts[0], [facts[0], facts[2]], answerOf, 42)).toBeUndefined();
  });
});
