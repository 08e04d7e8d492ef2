import { describe, expect, it } from 'vitest';
import type { Neuron } from '../../neurons/neuron.js';
import { fact } from '../../testing/made-up-update.js';
import { randomNeurons } from '../../testing/random-neurons.js';
import { drawTarget, rarelyShared, updatesInOrder } from './plan.js';
import { completeUpdate, designOf } from './request.js';
import { updateSettings } from './settings.js';

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
    expect(all.filter(rarelyShared(lists, { shared: share, sharedRule: 'others' }))).toEqual(expected);
  });

  it("of a relation's only fact is its own", () => {
    expect(rarelyShared([[[0, 1]]], { shared: 0, sharedRule: 'others' })([0, 1])).toBe(true);
  });

  it("is by the authors' code one of a share of all facts, the fact itself counted twice", () => {
    // Counted are 5, 3 and 2, of four facts: 1.25, 0.75 and 0.5 of them.
    const kept = (shared: number) =>
      [[0, 1] as const, [0, 2] as const, [0, 3] as const]
        .filter(rarelyShared(lists, { shared, sharedRule: 'select_kn' }))
        .map(([, index]) => index);
    expect([0.49, 0.5, 0.74, 0.75, 1].map(kept)).toEqual([[], [3], [3], [2, 3], [2, 3]]);
  });

  it.each([
    [19, 0],
    [20, 20],
  ])('is by their code and the share of 0.1 no neuron of any of %d facts, but of %d others', (size, kept) => {
    const own: Neuron[][] = Array.from({ length: size }, (_, index) => [[0, index]]);
    const isOwn = rarelyShared(own, { shared: 0.1, sharedRule: 'select_kn' });
    expect(own.flat().filter(isOwn)).toHaveLength(kept);
  });

  it('is one of those that select_kn keeps, whatever the facts have', () => {
    let left = 0;
    for (let seed = 0; seed < 30; seed++) {
      const made = [...randomNeurons(seed, 10 + seed, 1).neurons.values()];
      for (const shared of [0.1, 0.25, 0.3]) {
        const isOwn = rarelyShared(made, { shared, sharedRule: 'select_kn' });
        for (const list of made) {
          const expected = selectNeurons(list, made, shared);
          expect(list.filter(isOwn).map(String)).toEqual(expected);
          left += list.length - expected.length;
        }
      }
    }
    expect(left).toBeGreaterThan(100);
  });

  it("is the authors' under --protocol dai, which run.json says", () => {
    const asked = (protocol: string) => designOf(completeUpdate({ experiment: 'update', protocol }));
    expect(asked('dai').sharedRule).toBe('select_kn');
    expect(updateSettings(asked('dai'))).toMatchObject({ shared: 0.1, shared_rule: 'select_kn' });
    expect(asked('eleutherai').sharedRule).toBe('others');
    // As ever, so that a folder of before goes on.
    expect(Object.keys(updateSettings(asked('eleutherai')))).not.toContain('shared_rule');
  });

  it('is missed by a fact of which all are shared, with a reason that says by which rule', () => {
    const facts = [fact('a', 'Paris'), fact('b', 'Rome'), fact('c', 'Lima')];
    const reasonOf = (sharedRule: 'others' | 'select_kn') => {
      const planned = updatesInOrder(new Map([['P36', facts]]), () => [[0, 1]], String, {
        ...{ seed: 42, shared: 0.1, sharedRule },
      });
      return planned[0].map(one => ('reason' in one ? one.reason : ''))[0];
    };
    expect(reasonOf('others')).toMatch(/more than 0.1 of its relation's other facts too \(--shared\)/);
    expect(reasonOf('select_kn')).toMatch(/more than 0.1 of its relation's facts, itself counted twice/);
  });

  it("is of no use where the run's facts have one answer: the relation may have others", () => {
    const facts = [fact('a', 'Paris'), fact('b', 'Paris')];
    const sharing = { seed: 42, shared: 1, sharedRule: 'others' } as const;
    const [planned] = updatesInOrder(new Map([['P36', facts]]), () => [[0, 1]], String, sharing);
    const reason = 'no other fact of its relation in this run has another answer';
    expect(planned).toEqual(facts.map(() => expect.objectContaining({ reason })));
  });
});

/** select_kn of the authors' code, in plain words: a count of the fact's own, raised by every list, and then a limit. */
function selectNeurons(own: readonly Neuron[], all: readonly (readonly Neuron[])[], share: number): string[] {
  const counted = new Map<string, number>();
  for (const neuron of own) counted.set(String(neuron), 1);
  for (const list of all) {
    for (const neuron of list.map(String)) {
      const count = counted.get(neuron);
      if (count !== undefined) counted.set(neuron, count + 1);
    }
  }
  return [...counted].filter(([, count]) => !(count > all.length * share)).map(([neuron]) => neuron);
}

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
