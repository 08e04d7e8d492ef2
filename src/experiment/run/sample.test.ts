import { describe, expect, it } from 'vitest';
import { drawDistinct } from './draw.js';
import { factsByRelation, sampleAcross, sampleOf } from './sample.js';

const facts = (relation: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    uuid: `${relation}-${i}`,
    relation,
    subject: `subject ${i}`,
    object: `object ${i}`,
  }));

describe('a draw of different numbers', () => {
  it('has each number once, and all of them where that many are asked for', () => {
    for (const count of [7, 100]) {
      expect(drawDistinct('key', 7, count).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    }
    expect(drawDistinct('key', 0, 3)).toEqual([]);
  });

  it('begins alike, however many are asked for, and differs from key to key', () => {
    expect(drawDistinct('key', 1000, 20).slice(0, 5)).toEqual(drawDistinct('key', 1000, 5));
    expect(drawDistinct('other', 1000, 5)).not.toEqual(drawDistinct('key', 1000, 5));
  });

  it('has every number in every place about as often', () => {
    const counts = [0, 1, 2].map(place => {
      const drawn = Array.from({ length: 3000 }, (_, i) => drawDistinct(`key ${i}`, 3, 3)[place]);
      return [0, 1, 2].map(number => drawn.filter(one => one === number).length);
    });
    for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(130); // five standard deviations
  });
});

describe('a sample', () => {
  const relations = factsByRelation([...facts('P1', 3), ...facts('P2', 1), ...facts('P3', 5)]);

  it('groups facts by relation in the order given', () => {
    expect([...relations.keys()]).toEqual(['P1', 'P2', 'P3']);
    expect(relations.get('P3')).toHaveLength(5);
  });

  it('of a list has different ones of it', () => {
    const sample = sampleOf(relations.get('P3') ?? [], 3, 'key');
    expect(new Set(sample.map(({ uuid }) => uuid)).size).toBe(3);
  });

  it('across relations has one of each before another of any, and ends where all are taken', () => {
    const relationsOf = (count: number) =>
      sampleAcross(relations, count, 'key').map(({ relation }) => relation);
    expect(new Set(relationsOf(3))).toEqual(new Set(['P1', 'P2', 'P3']));
    expect(relationsOf(5).filter(relation => relation === 'P2')).toHaveLength(1);
    const all = sampleAcross(relations, 100, 'key').map(({ uuid }) => uuid);
    expect(all).toHaveLength(9);
    expect(new Set(all).size).toBe(9);
    expect(sampleAcross(relations, 4, 'key')).toEqual(sampleAcross(relations, 100, 'key').slice(0, 4));
  });
});
