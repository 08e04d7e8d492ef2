import type { FactKey } from '../../dataset/fact.js';
import { groupBy } from '../../group-by.js';
import { drawDistinct } from './draw.js';

export type FactsByRelation = ReadonlyMap<string, readonly FactKey[]>;

/** The facts of each relation, relations and facts in the order given. */
export function factsByRelation(facts: Iterable<FactKey>): FactsByRelation {
  return groupBy(facts, ({ relation }) => relation);
}

/** So many different ones of a list, in drawn order; all where `count` is larger. */
export function sampleOf<T>(list: readonly T[], count: number, key: string): T[] {
  return drawDistinct(key, list.length, count).map(index => list[index]);
}

/** So many different facts, from as many relations as can be: one of each in drawn order, then another of each. */
export function sampleAcross(relations: FactsByRelation, count: number, key: string): FactKey[] {
  const order = sampleOf([...relations], relations.size, key);
  const sample: FactKey[] = [];
  for (let round = 0; sample.length < count; round++) {
    const one = order.flatMap(
      ([relation, facts]) => sampleOf(facts, round + 1, `${key}:${relation}`)[round] ?? [],
    );
    if (one.length === 0) break;
    sample.push(...one);
  }
  return sample.slice(0, count);
}
