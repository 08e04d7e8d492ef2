/** What `kn compare` prints. */
import type { ComparedResults } from '../../library/compare-results.js';
import type { Agreement } from '../../neurons/compare.js';
import { counted, decimals } from '../../numbers.js';
import { coloured } from '../../report/colour.js';
import { table } from '../../report/table.js';

export function comparisonJson({ a, b, comparison }: ComparedResults, files: readonly string[]): string {
  const relations = Object.fromEntries(comparison.relations);
  return JSON.stringify({ a, b, ...comparison, relations, files });
}

export function comparisonText({ a, b, comparison }: ComparedResults): string[] {
  const { all, relations, missingInA, missingInB } = comparison;
  const bold = (text: string) => coloured('bold', text, process.stdout);
  const summary =
    all.jaccard === null
      ? 'No fact is on both sides: there is nothing to compare.'
      : `Jaccard index ${decimals(all.jaccard, 3)} on average over ${counted(all.facts, 'fact')}, ` +
        `${decimals(all.pooledJaccard, 3)} pooled; ${all.identical} with the same neurons`;
  return [
    `A: ${a.path}: ${counted(a.facts, 'fact')}, ${counted(a.neurons, 'neuron')}`,
    `B: ${b.path}: ${counted(b.facts, 'fact')}, ${counted(b.neurons, 'neuron')}`,
    bold(summary),
    ...missingText('A', missingInA),
    ...missingText('B', missingInB),
    '',
    'By relation, those that differ most first:',
    ...table(
      ['', 'Jaccard', 'pooled', 'facts', 'same', 'neurons in A', 'in B', 'shared', 'missing in A', 'in B'],
      [['all', all] as const, ...relations].map(([relation, of]) => agreementRow(relation, of)),
      'right',
    ),
  ];
}

function missingText(side: string, uuids: readonly string[]): string[] {
  if (uuids.length === 0) return [];
  const [facts, first] = [uuids.length === 1 ? 'fact' : 'facts', uuids.length === 1 ? '' : 'the first: '];
  return [`${side} lacks ${uuids.length} ${facts} of the other (${first}${uuids[0]}; all with --json)`];
}

function agreementRow(relation: string, of: Agreement): string[] {
  const counts = [of.facts, of.identical, of.neuronsA, of.neuronsB, of.shared, of.missingInA, of.missingInB];
  return [relation, decimals(of.jaccard, 3), decimals(of.pooledJaccard, 3), ...counts.map(String)];
}
