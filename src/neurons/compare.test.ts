import { describe, expect, it } from 'vitest';
import { randomNeurons } from '../testing/random-neurons.js';
import { compareNeuronSets } from './compare.js';
import type { NeuronsOfFacts } from './neuron-file.js';

const A: NeuronsOfFacts = new Map([
  ['same', [[0, 1] as const, [1, 3] as const]],
  ['half', [[0, 1] as const, [0, 2] as const, [1, 4] as const]],
  ['none', []],
  ['gone', [[1, 1] as const]],
  ['lost', [[0, 7] as const]],
  ['other', [[0, 9] as const]],
]);
const B: NeuronsOfFacts = new Map([
  ['other', [[0, 9] as const, [1, 9] as const, [1, 10] as const]],
  ['none', []],
  ['half', [[1, 4] as const, [0, 5] as const, [0, 1] as const]],
  ['same', [[1, 3] as const, [0, 1] as const]],
  ['gone', []],
  ['new', [[0, 3] as const]],
]);
const relationOf = (uuid: string) =>
  ({ same: 'P36', half: 'P36', none: 'P36', gone: 'P37', other: 'P17' })[uuid] ?? 'P19';

describe('two sets of neurons', () => {
  const { all, relations, missingInA, missingInB } = compareNeuronSets(A, B, relationOf);

  it('have the mean of their facts as Jaccard index, and a pooled one; two empty facts are alike', () => {
    // same 2/2, half 2/4, none 1: 5/6 of a fact; pooled (2 + 2 + 0) / (2 + 4 + 0).
    expect(relations.get('P36')).toEqual({
      facts: 3,
      identical: 2,
      neuronsA: 5,
      neuronsB: 5,
      shared: 4,
      jaccard: 2.5 / 3,
      pooledJaccard: 4 / 6,
      missingInA: 0,
      missingInB: 0,
    });
    expect(relations.get('P37')).toMatchObject({ neuronsA: 1, neuronsB: 0, jaccard: 0, pooledJaccard: 0 });
    // Of the five facts on both sides: 1, 1/2, 1, 0, 1/3.
    expect(all.jaccard).toBeCloseTo((1 + 0.5 + 1 + 0 + 1 / 3) / 5, 12);
    expect(all).toMatchObject({ facts: 5, identical: 2, neuronsA: 7, neuronsB: 8, shared: 5 });
    expect(all.pooledJaccard).toBe(5 / 10);
  });

  it('name the facts that one side lacks, which no index counts', () => {
    expect(missingInA).toEqual(['new']);
    expect(missingInB).toEqual(['lost']);
    expect(all).toMatchObject({ missingInA: 1, missingInB: 1 });
    expect(relations.get('P19')).toEqual({
      facts: 0,
      identical: 0,
      neuronsA: 0,
      neuronsB: 0,
      shared: 0,
      jaccard: null,
      pooledJaccard: null,
      missingInA: 1,
      missingInB: 1,
    });
  });

  it('show the relations that differ most first, last those without a fact on both sides', () => {
    expect([...relations.keys()]).toEqual(['P37', 'P17', 'P36', 'P19']);
  });

  it('are alike where they are the same, in any order; then relations keep their order', () => {
    const { neurons, relationOf } = randomNeurons(5, 50, 5);
    const reversed = new Map([...neurons].reverse().map(([uuid, list]) => [uuid, [...list].reverse()]));
    const { all, relations } = compareNeuronSets(neurons, reversed, relationOf);
    expect(all).toMatchObject({ facts: 50, identical: 50, jaccard: 1, pooledJaccard: 1 });
    expect([...relations.keys()]).toEqual(['P0', 'P1', 'P2', 'P3', 'P4']);
    expect([...relations.values()].every(({ jaccard }) => jaccard === 1)).toBe(true);
  });

  it('agree with the definition, fact by fact, on random sets', () => {
    const [a, b] = [randomNeurons(7, 80, 6), randomNeurons(8, 70, 6)];
    const { all, relations } = compareNeuronSets(a.neurons, b.neurons, a.relationOf);
    const byDefinition = (uuids: readonly string[]) => {
      const sets = uuids.map(uuid =>
        [a, b].map(({ neurons }) => new Set(neurons.get(uuid)?.map(pair => pair.join()))),
      );
      const both = sets.map(([x, y]) => [...x].filter(key => y.has(key)).length);
      const either = sets.map(([x, y]) => new Set([...x, ...y]).size);
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
      const mean = sum(both.map((count, i) => (either[i] === 0 ? 1 : count / either[i]))) / uuids.length;
      return { mean, pooled: sum(both) / sum(either) };
    };
    const common = [...b.neurons.keys()];
    expect(all.facts).toBe(70);
    expect(all.missingInB).toBe(10);
    for (const [relation, { jaccard, pooledJaccard }] of [...relations, ['all', all] as const]) {
      const of = common.filter(uuid => relation === 'all' || a.relationOf(uuid) === relation);
      expect(jaccard).toBeCloseTo(byDefinition(of).mean, 12);
      expect(pooledJaccard).toBeCloseTo(byDefinition(of).pooled, 12);
    }
  });

  it('may have no fact in common', () => {
    const { all } = compareNeuronSets(new Map([['a', []]]), new Map([['b', []]]), () => 'P36');
    expect(all).toMatchObject({ facts: 0, jaccard: null, pooledJaccard: null, missingInA: 1, missingInB: 1 });
  });
});
