import { describe, expect, it } from 'vitest';
import { randomNeurons } from '../testing/random-neurons.js';
import { highestLayer, layerShares } from './layer-shares.js';
import type { NeuronsOfFacts } from './neuron-file.js';
import { neuronStatistics, type SharedNeurons } from './statistics.js';

const FIVE_FACTS: NeuronsOfFacts = new Map([
  ['a', [[0, 1] as const, [0, 2] as const, [1, 3] as const]],
  ['b', [[1, 3] as const, [0, 1] as const]],
  ['c', []],
  ['d', [[0, 1] as const, [3, 5] as const]],
  ['e', [[0, 2] as const]],
]);
const fiveFacts = () => neuronStatistics(FIVE_FACTS, uuid => ('abc'.includes(uuid) ? 'P36' : 'P37'));

/** Table 2 by its definition: a loop over all pairs of facts that `counts` takes. */
function sharedOfPairs(neurons: NeuronsOfFacts, counts: (a: string, b: string) => boolean): SharedNeurons {
  const facts = [...neurons];
  let [pairs, total] = [0, 0];
  facts.forEach(([a, ofA], i) => {
    for (const [b, ofB] of facts.slice(i + 1)) {
      if (!counts(a, b)) continue;
      pairs++;
      total += ofA.filter(([layer, index]) =>
        ofB.some(other => other[0] === layer && other[1] === index),
      ).length;
    }
  });
  return { pairs, total, mean: pairs === 0 ? null : total / pairs };
}

describe('the statistics of neurons', () => {
  it('count the neurons of a fact; facts that have none are facts too', () => {
    const { all, relations } = fiveFacts();
    expect(all).toMatchObject({ facts: 5, factsWithoutNeurons: 1, neurons: 8, distinctNeurons: 4 });
    expect(all.neuronsPerFact).toBe(8 / 5);
    expect([...relations.keys()]).toEqual(['P37', 'P36']);
    expect(relations.get('P36')).toMatchObject({ facts: 3, factsWithoutNeurons: 1, neurons: 5 });
    expect(relations.get('P36')?.distinctNeurons).toBe(3);
    expect(relations.get('P36')?.neuronsPerFact).toBe(5 / 3);
    expect(relations.get('P37')?.neuronsPerFact).toBe(3 / 2);
  });

  it('count what two facts share, of one relation: a and b two neurons, a and c none, b and c none, d and e none', () => {
    const { all, relations } = fiveFacts();
    expect(relations.get('P36')?.sameRelation).toEqual({ pairs: 3, total: 2, mean: 2 / 3 });
    expect(relations.get('P37')?.sameRelation).toEqual({ pairs: 1, total: 0, mean: 0 });
    expect(all.sameRelation).toEqual({ pairs: 4, total: 2, mean: 1 / 2 });
  });

  it('count what two facts share, of different relations: a and d, a and e, b and d one neuron', () => {
    const { all, relations } = fiveFacts();
    expect(all.differentRelation).toEqual({ pairs: 6, total: 3, mean: 1 / 2 });
    expect(relations.get('P36')?.differentRelation).toEqual({ pairs: 6, total: 3, mean: 1 / 2 });
    expect(relations.get('P37')?.differentRelation).toEqual({ pairs: 6, total: 3, mean: 1 / 2 });
  });

  it.each([
    [1, 60, 4],
    [2, 45, 1],
    [3, 30, 30],
  ])('agree with a loop over all pairs: seed %d, %d facts, %d relations', (seed, facts, count) => {
    const { neurons, relationOf } = randomNeurons(seed, facts, count);
    const { all, relations } = neuronStatistics(neurons, relationOf);
    expect(all.sameRelation).toEqual(sharedOfPairs(neurons, (a, b) => relationOf(a) === relationOf(b)));
    expect(all.differentRelation).toEqual(sharedOfPairs(neurons, (a, b) => relationOf(a) !== relationOf(b)));
    for (const [relation, { sameRelation, differentRelation }] of relations) {
      const within = (a: string, b: string) => relationOf(a) === relation && relationOf(b) === relation;
      const across = (a: string, b: string) => (relationOf(a) === relation) !== (relationOf(b) === relation);
      expect(sameRelation).toEqual(sharedOfPairs(neurons, within));
      expect(differentRelation).toEqual(sharedOfPairs(neurons, across));
    }
  });

  it('have no mean where there is nothing to take it of', () => {
    const one = neuronStatistics(new Map([['a', [[0, 1]]]]), () => 'P36');
    expect(one.all.sameRelation).toEqual({ pairs: 0, total: 0, mean: null });
    expect(one.all.differentRelation).toEqual({ pairs: 0, total: 0, mean: null });
    expect(neuronStatistics(new Map(), () => 'P36').all.neuronsPerFact).toBeNull();
  });

  it('are exact for as many facts as PARAREL has, all alike, in no time', () => {
    const same = Array.from({ length: 40 }, (_, index) => [11, index] as const);
    const facts = new Map(Array.from({ length: 27_610 }, (_, i) => [String(i), same]));
    const { all } = neuronStatistics(facts, uuid => `P${Number(uuid) % 39}`);
    // 27,610 = 39 x 707 + 37: 37 relations of 708 facts, 2 of 707.
    const pairs = 37 * ((708 * 707) / 2) + 2 * ((707 * 706) / 2);
    expect(all.sameRelation).toEqual({ pairs, total: 40 * pairs, mean: 40 });
    const others = (27_610 * 27_609) / 2 - pairs;
    expect(all.differentRelation).toEqual({ pairs: others, total: 40 * others, mean: 40 });
  });
});

describe('the layers of neurons', () => {
  it('are counted over all facts, a neuron of two facts twice, and empty layers shown', () => {
    expect(layerShares(FIVE_FACTS, 5)).toEqual([
      { layer: 0, neurons: 5, share: 5 / 8 },
      { layer: 1, neurons: 2, share: 2 / 8 },
      { layer: 2, neurons: 0, share: 0 },
      { layer: 3, neurons: 1, share: 1 / 8 },
      { layer: 4, neurons: 0, share: 0 },
    ]);
  });

  it('go up to the highest that has a neuron, and no neuron lies above the model', () => {
    expect(highestLayer(FIVE_FACTS)).toBe(3);
    expect(highestLayer(new Map([['a', []]]))).toBeUndefined();
    expect(() => layerShares(FIVE_FACTS, 3)).toThrow('a neuron of layer 3, where layers are 3');
    expect(layerShares(new Map([['a', []]]), 1)).toEqual([{ layer: 0, neurons: 0, share: 0 }]);
  });
});
