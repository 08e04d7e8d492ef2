import type { SelectedFacts } from '../run/outcome.js';
import { type Column, type DataTable, dataTable } from '../run/shown.js';
import { measuredChanges } from './measured-changes.js';
import { type InterventionName, type MeanChange, meanOverRelations } from './relation-means.js';
import type { ResultsOfFacts } from './results-file.js';
import type { RelationTuning } from './tuned-relations.js';

/** A run in numbers: summary.json. */
export interface Summary {
  readonly model: string;
  readonly facts: SelectedFacts & { readonly done: number };
  /** Mean number of refined neurons of a fact. */
  readonly neuronsPerFact: number;
  /** Share of the prompts whose most probable token was the answer, before any intervention; null where not measured. */
  readonly accuracy: number | null;
  readonly suppression: InterventionSummary | null;
  readonly enhancement: InterventionSummary | null;
  /** How each relation's share came out, where it was tuned (`--protocol dai`). */
  readonly tuning?: Readonly<Record<string, RelationTuning>>;
}

export interface InterventionSummary {
  /** The mean over all facts that count. */
  readonly overFacts: MeanChange;
  /** The mean over relations, each counting alike: the mean height of the figure's bars. */
  readonly overRelations: MeanChange;
  readonly relations: Readonly<Record<string, MeanChange>>;
}

export function summarizeIntervention(
  results: ResultsOfFacts,
  name: InterventionName,
): InterventionSummary | null {
  const { relations, overall: overFacts } = measuredChanges(results, name);
  const overRelations = meanOverRelations(relations);
  if (!overFacts || !overRelations) return null;
  return { overFacts, overRelations, relations: Object.fromEntries(relations) };
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
