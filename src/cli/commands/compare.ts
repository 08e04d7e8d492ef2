import { type Command, InvalidArgumentError } from 'commander';
import { refusedFile } from '../../errors.js';
import type { ComparedResults } from '../../library/compare-results.js';
import { writeWholeFile } from '../../whole-file.js';
import { addOutputOptions, type DataOptions, type OutputOptions } from '../options/options.js';
import { print } from '../output/print.js';
import { createProgress } from '../output/progress.js';

interface Options extends OutputOptions, Pick<DataOptions, 'data'> {
  readonly out?: string;
}

const DETAILS = `
A and B are each a results folder, a folder of shards, or a neuron file, {"uuid": [[layer, index], ...]}: kn's or the
replication's (EleutherAI/knowledge-neurons). The Jaccard index of a fact is |A and B| / |A or B|, and 1 where it has
no neurons on either side. Its mean over facts counts each fact alike; the pooled one, the sum of |A and B| over the sum
of |A or B|, each neuron. Facts that one side lacks are in neither; they are counted, and named with --json.
Relations that differ most come first.

A fact's relation comes from the result files beside A and B, else from the data set, else it is "unknown".

Examples:
  kn compare results/demo results/demo-gausslegendre
  kn compare results/bert-base-uncased knowledge-neurons/bert_base_uncased_neurons --out differences.csv

Exit codes: 0 compared, also where they differ, 1 failed, 2 wrong usage.`;

export function addCompare(program: Command): void {
  const command = program
    .command('compare')
    .description('how far two sets of neurons agree: Jaccard index, counts, facts that a side lacks')
    .argument('<A>', 'a folder with neuron files, or a neuron file')
    .argument('<B>', 'another')
    .option('-o, --out <file>', 'write the table as CSV', csvName)
    .option(
      '-d, --data <data>',
      'the data set of the facts: a folder, "pararel" or "demo" (default: "demo" and "pararel")',
    );
  addOutputOptions(command).addHelpText('after', DETAILS);
  command.action(async (a: string, b: string, { out, data, ...output }: Options) => {
    const { compareResults } = await import('../../library/compare-results.js');
    const { comparisonJson, comparisonText } = await import('../output/comparison-text.js');
    const { onProgress } = createProgress(output);
    const compared = await compareResults(a, b, { ...(data !== undefined && { data }), onProgress });
    const files = out === undefined ? [] : [await writeTable(out, compared)];
    const lines = output.json
      ? [comparisonJson(compared, files)]
      : [...comparisonText(compared), ...files.flatMap(file => ['', file])];
    print(...lines);
  });
}

async function writeTable(path: string, { comparison }: ComparedResults): Promise<string> {
  const { comparisonCsv } = await import('../../neurons/compare.js');
  try {
    await writeWholeFile(path, comparisonCsv(comparison));
    return path;
  } catch (error) {
    throw refusedFile(path, 'written', error, 'Name another file with --out.');
  }
}

/** So that a slip does not write over a neuron file. */
function csvName(value: string): string {
  if (!value.endsWith('.csv')) throw new InvalidArgumentError('Expected a name that ends with .csv.');
  return value;
}
