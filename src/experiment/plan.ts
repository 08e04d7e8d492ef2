import type { Dataset } from '../dataset/dataset.js';
import type { FactKey } from '../dataset/fact.js';
import { UserError } from '../errors.js';
import type { Tokenizer } from '../model/tokenizer.js';
import { areGiven, type Stages, type UnrelatedDraw } from './stages.js';
import { drawUnrelated } from './unrelated.js';

/** A fact that a run leaves out, and why. */
export interface SkippedFact extends FactKey {
  readonly reason: string;
}

export interface RunPlan {
  readonly facts: readonly FactKey[];
  readonly skipped: readonly SkippedFact[];
}

/**
 * Sets aside the facts that cannot be asked: those whose object is not one token of the vocabulary, and those
 * that the given neurons lack.
 * @throws UserError where no fact is left
 */
export function planRun(dataset: Dataset, tokenizer: Tokenizer, { neurons }: Stages): RunPlan {
  const facts: FactKey[] = [];
  const skipped: SkippedFact[] = [];
  for (const fact of dataset.facts) {
    const found = tokenizer.lookUp(fact.object);
    if (!('id' in found)) skipped.push({ ...fact, reason: `the object ${found.problem}` });
    else if (areGiven(neurons) && !neurons.of(fact.uuid)) skipped.push({ ...fact, reason: 'no neurons given for it' });
    else facts.push(fact);
  }
  if (facts.length > 0) return { facts, skipped };
  throw new UserError(
    `none of the ${skipped.length} facts can be asked: of the first, ${skipped[0].reason}`,
    'Choose other data with --data, or another model.',
  );
}

/** The unrelated fact of each fact of a plan; none where no intervention is measured. */
export function unrelatedFacts({ facts }: RunPlan, unrelated: UnrelatedDraw | null): ReadonlyMap<string, FactKey> {
  return unrelated ? drawUnrelated(facts, unrelated.rule, unrelated.seed) : new Map();
}
