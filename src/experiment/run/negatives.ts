/**
 * Negative prompts of a data set's facts: the same patterns with other subjects of the relation. A neuron that is coarse
 * there too, for the same answer, expresses the relation, the pattern or the answer's word, not the fact.
 */

import type { Fact, FactKey } from '../../dataset/fact.js';
import { groupBy } from '../../group-by.js';
import { counted } from '../../numbers.js';
import { draw } from './draw.js';

/** How the facts that lend their subjects are drawn. */
export interface NegativesDraw {
  /** Of each fact. */
  readonly count: number;
  readonly seed: number;
}

/**
 * For each fact `count` others of its relation, of as many other subjects, none of which has the fact's object: fewer where
 * there are no more. A draw depends on the seed, the fact's uuid and the list alone, so that every worker and every
 * resumed run draws the same.
 */
export function drawNegatives(
  facts: readonly FactKey[],
  { count, seed }: NegativesDraw,
): Map<string, readonly FactKey[]> {
  const relations = groupBy(facts, ({ relation }) => relation);
  const drawn = new Map<string, readonly FactKey[]>();
  for (const ofRelation of relations.values()) {
    const subjects = [...groupBy(ofRelation, ({ subject }) => subject).values()];
    const withObject = groupBy(ofRelation, ({ object }) => object);
    for (const fact of ofRelation) {
      const answered = new Set(withObject.get(fact.object)?.map(({ subject }) => subject));
      const candidates = subjects.flatMap(([first]) => (answered.has(first.subject) ? [] : first));
      drawn.set(fact.uuid, sample(candidates, count, `${seed}:${fact.uuid}`));
    }
  }
  return drawn;
}

/**
 * One prompt of each of the other facts, a pattern after the other: so many more prompts to score, where every pattern for
 * every subject would be as many times more as the relation has patterns.
 * @param others of the fact's relation
 */
export function negativePrompts(
  others: readonly FactKey[],
  withPrompts: (fact: FactKey) => Pick<Fact, 'prompts'>,
): string[] {
  return others.map((other, i) => {
    const { prompts } = withPrompts(other);
    return prompts[i % prompts.length];
  });
}

/** Which relations have too few subjects for some of their facts, in words; undefined where none has. */
export function fewerNegatives(
  facts: readonly FactKey[],
  drawn: ReadonlyMap<string, readonly FactKey[]>,
  asked: NegativesDraw | null,
): string | undefined {
  if (!asked) return undefined;
  const short = facts.filter(({ uuid }) => (drawn.get(uuid)?.length ?? 0) < asked.count);
  if (short.length === 0) return undefined;
  const relations = [...groupBy(short, ({ relation }) => relation)].map(
    ([relation, { length }]) => `${relation} (${counted(length, 'fact')})`,
  );
  return `fewer than ${asked.count} negative prompts, for want of other subjects and objects, in ${relations.join(', ')}`;
}

/** Without putting back. Changes `candidates`. */
function sample(candidates: FactKey[], count: number, key: string): FactKey[] {
  const taken: FactKey[] = [];
  while (taken.length < count && candidates.length > 0) {
    const index = draw(`${key}:negative:${taken.length}`, candidates.length);
    const last = candidates.length - 1;
    taken.push(candidates[index]);
    candidates[index] = candidates[last];
    candidates.pop();
  }
  return taken;
}
