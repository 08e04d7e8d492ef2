/**
 * Prompts at which every neuron scores 0, so that the method says nothing: mostly since the answer's probability is 0 in
 * float32. They are as if they were not there, and are counted, so that nobody takes that for a finding.
 */
import { z } from 'zod';
import type { FoundInPrompt, FoundNeurons } from '../../neurons/find.js';
import { counted } from '../../numbers.js';

const count = z.int().nonnegative();

/** How many of one fact, as its record has them. */
export const silentSchema = z.object({
  /** Of its own prompts, by the scores of knowledge neurons. */
  prompts: count,
  negatives: count,
  /** Of its own prompts, by the scores of baseline neurons. */
  baseline: count,
});

export type SilentPrompts = z.infer<typeof silentSchema>;

/** What a record says of silent prompts: nothing where there are none. */
export function silentIn(knowledge: FoundNeurons, baseline?: FoundNeurons): { silent?: SilentPrompts } {
  const count = (found: readonly FoundInPrompt[] = []) => found.filter(({ silent }) => silent).length;
  const silent: SilentPrompts = {
    prompts: count(knowledge.prompts),
    negatives: count(knowledge.negatives),
    baseline: count(baseline?.prompts),
  };
  return Object.values(silent).some(number => number > 0) ? { silent } : {};
}

/** Of a run: the sums over its facts. */
export interface SilentSummary extends SilentPrompts {
  /** That have a silent prompt of any kind. */
  readonly facts: number;
}

/** Undefined where there are none. */
export function summarizeSilent(
  records: readonly { readonly silent?: SilentPrompts | undefined }[],
): SilentSummary | undefined {
  const having = records.flatMap(({ silent }) => silent ?? []);
  if (having.length === 0) return undefined;
  const sum = (kind: keyof SilentPrompts) => having.reduce((total, silent) => total + silent[kind], 0);
  return {
    facts: having.length,
    prompts: sum('prompts'),
    negatives: sum('negatives'),
    baseline: sum('baseline'),
  };
}

export function silentLines(silent: SilentSummary | undefined): string[] {
  if (!silent) return [];
  const { facts, prompts, negatives, baseline } = silent;
  const kinds = [
    ...(prompts > 0 ? [counted(prompts, 'prompt')] : []),
    ...(negatives > 0 ? [counted(negatives, 'negative prompt')] : []),
    ...(baseline > 0 ? [`for baseline neurons ${counted(baseline, 'prompt')}`] : []),
  ];
  return [
    `Every neuron scores 0 at ${kinds.join(', ')} of ${counted(facts, 'fact')}: the method says nothing there, ` +
      'and they count as if they were not there',
  ];
}
