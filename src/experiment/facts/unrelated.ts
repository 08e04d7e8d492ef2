import type { FactKey } from '../../dataset/fact.js';
import { UsageError } from '../../errors.js';
import { draw } from '../run/draw.js';

/** Which facts count as unrelated to a fact: those of another relation, or, as the replication has it, any other. */
export const UNRELATED_RULES = ['relation', 'any'] as const;
export type UnrelatedRule = (typeof UNRELATED_RULES)[number];

/**
 * For each fact an unrelated one, drawn from the same facts. A draw depends on the seed, the fact's uuid and the
 * list alone, never on the order of the work, so that every worker and every resumed run draws the same.
 * @param facts those of a relation follow each other
 * @throws UsageError where a fact has no candidate
 */
export function drawUnrelated(
  facts: readonly FactKey[],
  rule: UnrelatedRule,
  seed: number,
): Map<string, FactKey> {
  const stretches = rule === 'any' ? undefined : relationStretches(facts);
  return new Map(
    facts.map((fact, index) => {
      // The candidates are the list without the fact itself, or without its relation's stretch.
      const { from, length } = stretches?.get(fact.relation) ?? { from: index, length: 1 };
      const candidates = facts.length - length;
      if (candidates === 0) throw noCandidate(fact, rule);
      const drawn = draw(`${seed}:${fact.uuid}`, candidates);
      return [fact.uuid, facts[drawn < from ? drawn : drawn + length]];
    }),
  );
}

function relationStretches(facts: readonly FactKey[]): Map<string, { from: number; length: number }> {
  const stretches = new Map<string, { from: number; length: number }>();
  facts.forEach(({ relation }, index) => {
    const stretch = stretches.get(relation);
    if (stretch) stretch.length++;
    else stretches.set(relation, { from: index, length: 1 });
  });
  return stretches;
}

function noCandidate({ relation }: FactKey, rule: UnrelatedRule): UsageError {
  return rule === 'any'
    ? new UsageError('a single fact has no unrelated one', 'Choose two facts or more.')
    : new UsageError(
        `all facts are of the relation ${relation}, so that none is unrelated to another`,
        'Choose two relations or more, or --unrelated any.',
      );
}
