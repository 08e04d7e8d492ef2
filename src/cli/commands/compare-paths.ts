import writeFileAtomic from 'write-file-atomic';
import { refusedFile } from '../../errors.js';
import { type Agreement, type Comparison, compareNeuronSets, comparisonCsv } from '../../neurons/compare.js';
import { type NeuronsOfFacts, readNeuronFiles } from '../../neurons/neuron-file.js';
import { coloured } from '../../report/colour.js';
import { decimals, table } from '../../report/table.js';
import { createProgress } from '../output/progress.js';
import type { CompareOptions } from './compare.js';
import { relationsOfFacts } from './relations-of-facts.js';

const UNKNOWN = 'unknown';

/** One of the two that are compared. */
interface Side {
  readonly path: string;
  readonly facts: number;
  /** Summed over its facts. */
  readonly neurons: number;
}

/** Compares two folders or files, and prints how far they agree. */
export async function comparePaths(pathA: string, pathB: string, options: CompareOptions): Promise<void> {
  const { data, out, json } = options;
  const progress = createProgress(options);
  const [neuronsA, neuronsB] = [await readNeuronFiles(pathA), await readNeuronFiles(pathB)];
  const uuids = new Set([...neuronsA.keys(), ...neuronsB.keys()]);
  const { known, trouble } = await relationsOfFacts(uuids, [pathA, pathB], data, progress);
  if (trouble) {
    progress.notice(`${trouble.message}. ${trouble.remedy}`);
    progress.notice(`These facts are in the relation "${UNKNOWN}".`);
  }
  const comparison = compareNeuronSets(neuronsA, neuronsB, uuid => known.get(uuid) ?? UNKNOWN);
  if (out !== undefined) await write(out, comparisonCsv(comparison));
  const [a, b] = [sideOf(pathA, neuronsA), sideOf(pathB, neuronsB)];
  const files = out === undefined ? [] : [out];
  if (json) {
    const relations = Object.fromEntries(comparison.relations);
    process.stdout.write(`${JSON.stringify({ a, b, ...comparison, relations, files })}\n`);
    return;
  }
  process.stdout.write(`${[comparisonText(a, b, comparison), ...files].join('\n\n')}\n`);
}

function sideOf(path: string, neurons: NeuronsOfFacts): Side {
  return {
    path,
    facts: neurons.size,
    neurons: [...neurons.values()].reduce((sum, list) => sum + list.length, 0),
  };
}

async function write(path: string, content: string): Promise<void> {
  try {
    await writeFileAtomic(path, content);
  } catch (error) {
    throw refusedFile(path, 'written', error, 'Name another file with --out.');
  }
}

function comparisonText(a: Side, b: Side, comparison: Comparison): string {
  const { all, relations, missingInA, missingInB } = comparison;
  const bold = (text: string) => coloured('bold', text, process.stdout);
  const summary =
    all.jaccard === null
      ? 'No fact is on both sides: there is nothing to compare.'
      : `Jaccard index ${decimals(all.jaccard, 3)} on average over ${all.facts} facts, ` +
        `${decimals(all.pooledJaccard, 3)} pooled; ${all.identical} with the same neurons`;
  return [
    `A: ${a.path}: ${a.facts} facts, ${a.neurons} neurons`,
    `B: ${b.path}: ${b.facts} facts, ${b.neurons} neurons`,
    bold(summary),
    ...missingText('A', missingInA),
    ...missingText('B', missingInB),
    '',
    'By relation, those that differ most first:',
    table(
      ['', 'Jaccard', 'pooled', 'facts', 'same', 'neurons in A', 'in B', 'shared', 'missing in A', 'in B'],
      [['all', all] as const, ...relations].map(([relation, of]) => agreementRow(relation, of)),
      'right',
    ),
  ].join('\n');
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
