/** Erasures in numbers: the perplexity of a relation's facts and of those of all others, before and after. */
import { stringify } from 'csv-stringify/sync';
import type { ErasureRecord } from './erasure-record.js';
import { type AskedSet, type PerplexityChange, perplexityChange } from './perplexity.js';
import type { SelectedFacts } from './summary.js';

/** erasure.json. */
export interface ErasureSummary {
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

/** erasure.csv: a line a relation. Increases are fractions; empty where there is no other relation. */
export function erasureCsv({ relations }: ErasureSummary): string {
  return stringify(
    Object.entries(relations).map(([relation, { neurons, own, others }]) => ({
      relation,
      neurons: neurons.length,
      ...Object.fromEntries([...columnsOf('own', own), ...columnsOf('others', others)]),
    })),
    { header: true },
  );
}

const columnsOf = (name: string, change: SetChange | null): [string, number | undefined][] => [
  [`${name}_prompts`, change?.prompts],
  [`${name}_perplexity_before`, change?.perplexity.before],
  [`${name}_perplexity_after`, change?.perplexity.after],
  [`${name}_perplexity_increase`, change?.relativeIncrease],
  [`${name}_accuracy_before`, change?.accuracy.before],
  [`${name}_accuracy_after`, change?.accuracy.after],
];
