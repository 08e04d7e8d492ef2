import type { SelectedFacts } from '../run/outcome.js';
import { type Column, type DataTable, dataTable } from '../run/shown.js';
import type { CountedInFinding } from './counted-in-finding.js';
import { measuredChanges } from './measured-changes.js';
import { type InterventionName, type MeanChange, meanOverRelations } from './relation-means.js';
import type { ResultsOfFacts } from './results-file.js';
import type { RelationTuning } from './tuned-relations.js';

/** A run in numbers: summary.json. */
export interface Summary extends CountedInFinding {
  readonly model: string;
  readonly facts: SelectedFacts & { readonly done: number };
  /** Mean number of refined neurons of a fact; null where no fact counts. */
  readonly neuronsPerFact: number | null;
  /** Share of the prompts whose most probable token was the answer, before any intervention; null where not measured. */
  readonly accuracy: number | null;
  readonly suppression: InterventionSummary | null;
  readonly enhancement: InterventionSummary | null;
  /** How each relation's share came out, where it was tuned (`--protocol dai`). */
  readonly tuning?: Readonly<Record<string, RelationTuning>>;
  /** There too: relations of so few templates that they and their facts are in none of the means above. */
  readonly leftOutOfMeans?: readonly string[];
}

export interface InterventionSummary {
  /** The mean over all facts that count; null where all are left out. */
  readonly overFacts: MeanChange | null;
  /** The mean over relations, each counting alike: the mean height of the bars of those that are not left out. */
  readonly overRelations: MeanChange | null;
  /** Every relation's own, those that are left out of the means too. */
  readonly relations: Readonly<Record<string, MeanChange>>;
}

/** @param leftOut relations that are in no mean */
export function summarizeIntervention(
  results: ResultsOfFacts,
  name: InterventionName,
  leftOut: readonly string[],
): InterventionSummary | null {
  const { relations } = measuredChanges(results, name);
  if (relations.size === 0) return null;
  const counting = [...results].filter(([, { relation_name }]) => !leftOut.includes(relation_name));
  const means = measuredChanges(new Map(counting), name);
  return {
    overFacts: means.overall ?? null,
    overRelations: meanOverRelations(means.relations) ?? null,
    relations: Object.fromEntries(relations),
  };
}

export function accuracyBefore(results: ResultsOfFacts): number | null {
  const correct = [...results.values()].flatMap(
    ({ suppression, enhancement }) => (suppression ?? enhancement)?.related.correct_before ?? [],
  );
  return correct.length === 0 ? null : correct.filter(Boolean).length / correct.length;
}

interface SummaryLine {
  readonly relation: string;
  readonly suppression: MeanChange | undefined;
  readonly enhancement: MeanChange | undefined;
  readonly tuning: RelationTuning | undefined;
}

const COLUMNS: readonly Column<SummaryLine>[] = [
  ['relation', ({ relation }) => relation],
  ['facts', line => line.suppression?.facts ?? line.enhancement?.facts ?? line.tuning?.facts],
  ['suppression_related', ({ suppression }) => suppression?.related],
  ['suppression_unrelated', ({ suppression }) => suppression?.unrelated],
  ['enhancement_related', ({ enhancement }) => enhancement?.related],
  ['enhancement_unrelated', ({ enhancement }) => enhancement?.unrelated],
];

const TUNED_COLUMNS: readonly Column<SummaryLine>[] = [
  ['suppression_baseline', ({ suppression }) => suppression?.baseline],
  ['enhancement_baseline', ({ enhancement }) => enhancement?.baseline],
  ['share', ({ tuning }) => tuning?.knowledge.share],
  ['neurons_per_fact', ({ tuning }) => tuning?.knowledge.neuronsPerFact],
  ['baseline_share', ({ tuning }) => tuning?.baseline.share],
  ['baseline_neurons_per_fact', ({ tuning }) => tuning?.baseline.neuronsPerFact],
  ['templates', ({ tuning }) => tuning?.templates],
  ['facts_with_too_few_prompts', ({ tuning }) => tuning?.factsWithTooFewPrompts],
];

/** summary.csv: a row a relation. Changes and shares are fractions; empty fields where nothing was measured. */
export function summaryData({ suppression, enhancement, tuning }: Summary): DataTable {
  const relations = new Set([
    ...Object.keys(tuning ?? {}),
    ...Object.keys(suppression?.relations ?? {}),
    ...Object.keys(enhancement?.relations ?? {}),
  ]);
  return dataTable(
    tuning ? [...COLUMNS, ...TUNED_COLUMNS] : COLUMNS,
    [...relations].map(relation => ({
      relation,
      suppression: suppression?.relations[relation],
      enhancement: enhancement?.relations[relation],
      tuning: tuning?.[relation],
    })),
  );
}
