/** Erasures in numbers: the perplexity of a relation's facts and of those of all others, before and after. */
import type { CountedInFinding } from '../facts/counted-in-finding.js';
import type { SelectedFacts } from '../run/outcome.js';
import { type AskedSet, type PerplexityChange, perplexityChange } from '../run/perplexity.js';
import { type Column, type DataTable, dataTable } from '../run/shown.js';
import type { ErasureRecord } from './record.js';

/** erasure.json. */
export interface ErasureSummary extends CountedInFinding {
  readonly model: string;
  /** Failed: facts whose neurons were not found, and relations that were not erased. */
  readonly facts: SelectedFacts;
  /** Relations left alone, and why. */
  readonly skippedRelations: readonly { readonly relation: string; readonly reason: string }[];
  readonly relations: Readonly<Record<string, ErasureEffect>>;
}

export interface ErasureEffect {
  /** Whose values were erased. */
  readonly neurons: readonly (readonly number[])[];
  readonly own: SetChange;
  /** Null where there is no other relation. */
  readonly others: SetChange | null;
}

export interface SetChange extends PerplexityChange {
  readonly prompts: number;
  /** Share of the prompts whose answer is the most probable. */
  readonly accuracy: { readonly before: number; readonly after: number };
}

/**
 * @param withoutNeurons relations that there was nothing to erase of
 * @param erasures by relation, in order
 */
export function summarizeErasures(
  model: string,
  facts: SelectedFacts,
  withoutNeurons: readonly string[],
  erasures: readonly (readonly [relation: string, erasure: ErasureRecord])[],
  counted: CountedInFinding = {},
): ErasureSummary {
  return {
    model,
    facts,
    skippedRelations: withoutNeurons.map(relation => ({
      relation,
      reason: 'none of its facts has knowledge neurons',
    })),
    relations: Object.fromEntries(erasures.map(([relation, record]) => [relation, erasureEffect(record)])),
    ...counted,
  };
}

export function erasureEffect({ neurons, before, after }: ErasureRecord): ErasureEffect {
  return {
    neurons,
    own: setChange(before.own, after.own),
    others: before.others && after.others && setChange(before.others, after.others),
  };
}

function setChange(before: AskedSet, after: AskedSet): SetChange {
  return {
    ...perplexityChange(before.log_perplexity, after.log_perplexity),
    prompts: before.prompts,
    accuracy: { before: before.accuracy, after: after.accuracy },
  };
}

type ErasureRow = readonly [relation: string, effect: ErasureEffect];

const ERASURE_COLUMNS: readonly Column<ErasureRow>[] = [
  ['relation', ([relation]) => relation],
  ['neurons', ([, { neurons }]) => neurons.length],
  ...(['own', 'others'] as const).flatMap(columnsOf),
];

function columnsOf(set: 'own' | 'others'): readonly Column<ErasureRow>[] {
  return [
    [`${set}_prompts`, ([, effect]) => effect[set]?.prompts],
    [`${set}_perplexity_before`, ([, effect]) => effect[set]?.perplexity.before],
    [`${set}_perplexity_after`, ([, effect]) => effect[set]?.perplexity.after],
    [`${set}_perplexity_increase`, ([, effect]) => effect[set]?.relativeIncrease],
    [`${set}_accuracy_before`, ([, effect]) => effect[set]?.accuracy.before],
    [`${set}_accuracy_after`, ([, effect]) => effect[set]?.accuracy.after],
  ];
}

/** erasure.csv: a row a relation. Increases are fractions; empty fields where there is no other relation. */
export function erasureData({ relations }: ErasureSummary): DataTable {
  return dataTable(ERASURE_COLUMNS, Object.entries(relations));
}
