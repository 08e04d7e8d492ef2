import type { Command } from 'commander';
import type { OutputOptions } from '../options/options.js';
import { print } from '../output/print.js';

interface Options extends OutputOptions {
  readonly results?: readonly string[];
  readonly out?: string;
}

const DETAILS = `
Draws figure3.svg (suppressing) and figure4.svg (enhancing) from the result files of each folder, into that folder,
with their Vega-Lite specifications (.vl.json) and data (.csv). Shards in one folder are taken together. The
replication's own result files (EleutherAI/knowledge-neurons, bert_base_uncased_neurons) are read as well.

Examples:
  kn plot results/demo
  kn plot knowledge-neurons/bert_base_uncased_neurons --out figures`;

export function addPlot(program: Command): void {
  program
    .command('plot')
    .description('draw Figures 3 and 4 from result files')
    .argument('[folders...]', 'results folders (default: every one in results/)')
    .option('-r, --results <folders...>', 'the same, as an option')
    .option(
      '-o, --out <folder>',
      'where the figures go (default: each results folder; of several, a folder each)',
    )
    .option('--json', 'the paths written as one JSON object')
    .option('-q, --quiet', 'print nothing')
    .addHelpText('after', DETAILS)
    .action(async (named: string[], { results = [], out, json, quiet }: Options) => {
      const { plotResults } = await import('../../library/plot-results.js');
      const folders = [...named, ...results];
      const request = { ...(folders.length > 0 && { folders }), ...(out !== undefined && { out }) };
      const files = await plotResults(request);
      if (json) print(JSON.stringify({ files }));
      else if (!quiet) print(...files);
    });
}
