/** How many passes the interpolated path took, and how many every step of the rule would have. */
import { z } from 'zod';
import type { FoundNeurons } from '../../neurons/find.js';
import { percent } from '../../numbers.js';

const count = z.int().nonnegative();

/** Of one fact, as its record has them: passes that start from a trace. */
export const passesSchema = z.object({ done: count, of_rule: count });

export type PassesOfFact = z.infer<typeof passesSchema>;

/** What a record says of them: nothing where no method integrates. */
export function passesIn(...found: readonly FoundNeurons[]): { passes?: PassesOfFact } {
  const ofPrompts = found.flatMap(({ prompts, negatives }) => [...prompts, ...negatives]);
  const sum = (of: 'done' | 'ofRule') => ofPrompts.reduce((total, { passes }) => total + passes[of], 0);
  const passes: PassesOfFact = { done: sum('done'), of_rule: sum('ofRule') };
  return passes.of_rule === 0 ? {} : { passes };
}

/** Of a run: the sums over its facts. */
export interface PassesSummary {
  readonly done: number;
  readonly ofRule: number;
}

/** Undefined where none was counted, as in records of earlier versions. */
export function summarizePasses(
  records: readonly ({ readonly passes?: PassesOfFact | undefined } | undefined)[],
): PassesSummary | undefined {
  const counted = records.flatMap(record => record?.passes ?? []);
  if (counted.length === 0) return undefined;
  return {
    done: counted.reduce((sum, { done }) => sum + done, 0),
    ofRule: counted.reduce((sum, { of_rule }) => sum + of_rule, 0),
  };
}

/** Nothing where every step was computed. */
export function passesLines(passes: PassesSummary | undefined): string[] {
  if (!passes || passes.done === passes.ofRule) return [];
  const { done, ofRule } = passes;
  const share = done < ofRule ? `${percent(1 - done / ofRule)} saved` : 'none saved';
  return [
    `Found by ${done.toLocaleString('en')} passes for the ${ofRule.toLocaleString('en')} of every step: ${share}`,
  ];
}
