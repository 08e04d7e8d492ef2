import type { Command } from 'commander';
import { MOST_LAYERS } from '../../model/most-layers.js';
import { wholeNumber } from '../options/option-values.js';
import { addOutputOptions, type DataOptions, type OutputOptions } from '../options/options.js';
import { print } from '../output/print.js';
import { createProgress } from '../output/progress.js';

interface Options extends OutputOptions, Pick<DataOptions, 'data'> {
  readonly results?: readonly string[];
  readonly out?: string;
  readonly layers?: number;
}

const DETAILS = `
Reads the neuron files of each folder, kn's and the replication's (EleutherAI/knowledge-neurons), shards taken
together, and prints how many neurons a fact has and how many two facts share, of the same and of different
relations: Table 2 of Dai et al. (2021). All pairs of facts count, those of facts without neurons too. Into the folder
go neuron-statistics.csv, and figure2.svg, the paper's Figure 2: the neurons' shares by layer, with its Vega-Lite
specification (.vl.json) and data (.csv). A neuron of two facts counts twice there.

A fact's relation comes from the result files in the folder, else from the data set. The number of layers comes from
run.json, or --layers; else the figure ends at the highest layer that has a neuron.

Examples:
  kn stats results/demo
  kn stats knowledge-neurons/bert_base_uncased_neurons --layers 12 --out statistics`;

export function addStats(program: Command): void {
  const command = program
    .command('stats')
    .description(
      "count neurons by fact and layer, and those that facts share: the paper's Table 2 and Figure 2",
    )
    .argument(
      '[folders...]',
      'folders with neuron files, or with --out such files (default: every folder in results/)',
    )
    .option('-r, --results <folders...>', 'the same, as an option')
    .option(
      '-o, --out <folder>',
      'where the files go (default: each results folder; of several, a folder each)',
    )
    .option(
      '-d, --data <data>',
      'the data set of the facts: a folder, "pararel" or "demo" (default: "demo" and "pararel")',
    )
    .option(
      '--layers <n>',
      "the model's number of layers (default: what run.json says)",
      wholeNumber(1, MOST_LAYERS),
    );
  addOutputOptions(command).addHelpText('after', DETAILS);
  command.action(async (named: string[], { results = [], out, data, layers, ...output }: Options) => {
    const { statisticsOfResults } = await import('../../library/neuron-statistics.js');
    const { statisticsJson, statisticsText } = await import('../output/statistics-text.js');
    const folders = [...named, ...results];
    const request = {
      ...(folders.length > 0 && { folders }),
      ...(out !== undefined && { out }),
      ...(data !== undefined && { data }),
      ...(layers !== undefined && { layers }),
    };
    const { counted, files } = await statisticsOfResults(request, createProgress(output).onProgress);
    const lines = output.json
      ? [statisticsJson(counted, files)]
      : [...counted.flatMap(one => [...statisticsText(one), '']), ...files];
    print(...lines);
  });
}
