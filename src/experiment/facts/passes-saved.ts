/** How many passes the interpolated path took, and how many every step of the rule would have. */
import { z } from 'zod';
import type { FoundNeurons } from '../../neurons/find.js';
import { counted, percent } from '../../numbers.js';

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

/** Of a run: the sums over those of its facts that were counted. */
export interface PassesSummary {
  readonly done: number;
  readonly ofRule: number;
  /** Facts whose neurons an earlier version found, which counted no passes; absent where there are none. */
  readonly uncountedFacts?: number;
}

/** What a record says of how its fact's neurons were found: one of the last two, where they were. */
interface FindingRecord {
  readonly passes?: PassesOfFact | undefined;
  readonly neurons?: unknown;
  readonly counts?: unknown;
}

/** Undefined where none was counted. */
export function summarizePasses(records: readonly FindingRecord[]): PassesSummary | undefined {
  const ofFacts = records.flatMap(({ passes }) => passes ?? []);
  if (ofFacts.length === 0) return undefined;
  const uncountedFacts = records.filter(
    ({ passes, neurons, counts }) => !passes && (neurons ?? counts) !== undefined,
  ).length;
  return {
    done: ofFacts.reduce((sum, { done }) => sum + done, 0),
    ofRule: ofFacts.reduce((sum, { of_rule }) => sum + of_rule, 0),
    ...(uncountedFacts > 0 && { uncountedFacts }),
  };
}

/** Nothing where every step was computed. */
export function passesLines(passes: PassesSummary | undefined): string[] {
  if (!passes || passes.done === passes.ofRule) return [];
  const { done, ofRule, uncountedFacts = 0 } = passes;
  const share = done < ofRule ? `${percent(1 - done / ofRule)} saved` : 'none saved';
  const without =
    uncountedFacts > 0 ? `, without ${counted(uncountedFacts, 'fact')} of an earlier version` : '';
  return [
    `Found by ${done.toLocaleString('en')} passes for the ${ofRule.toLocaleString('en')} of every step: ${share}${without}`,
  ];
}
