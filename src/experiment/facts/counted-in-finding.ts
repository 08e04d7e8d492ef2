/** What a run counts while it finds neurons, as the summary of every experiment that finds them has it, and says it. */
import type { FactKey } from '../../dataset/fact.js';
import type { Journal } from '../run/journal.js';
import { type PassesSummary, passesLines, summarizePasses } from './passes-saved.js';
import type { FactRecord } from './record.js';
import { type SilentSummary, silentLines, summarizeSilent } from './silent-prompts.js';
import { areGiven, type NeuronSource } from './stages.js';

/** Empty where neurons were given. */
export interface CountedInFinding {
  /** Absent where there are none. */
  readonly silentPrompts?: SilentSummary;
  /** Absent where no neurons were found by integrated gradients. */
  readonly passes?: PassesSummary;
}

/** Of the facts whose neurons were found. */
export function countedInFinding(
  facts: readonly FactKey[],
  source: NeuronSource,
  journal: Journal<FactRecord>,
): CountedInFinding {
  if (areGiven(source)) return {};
  const records = facts.flatMap(({ uuid }) => journal.get(uuid) ?? []);
  const silentPrompts = summarizeSilent(records);
  const passes = summarizePasses(records);
  return { ...(silentPrompts && { silentPrompts }), ...(passes && { passes }) };
}

export function countedLines({ silentPrompts, passes }: CountedInFinding): string[] {
  return [...silentLines(silentPrompts), ...passesLines(passes)];
}
