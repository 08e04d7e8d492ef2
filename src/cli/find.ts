import type { Command } from 'commander';
import { coloured } from './colour.js';
import { findOptions, SHARE_OF_FACT } from './find-options.js';
import {
  type AskingOptions,
  type AttributionOptions,
  addAskingOptions,
  addAttributionOptions,
  addDataOptions,
  addModelOptions,
  addOutputOptions,
  addPromptOptions,
  addRunOptions,
  type DataOptions,
  type ModelOptions,
  type OutputOptions,
  type PromptOptions,
  type RunOptions,
} from './options.js';

interface Options
  extends ModelOptions,
    PromptOptions,
    AskingOptions,
    AttributionOptions,
    DataOptions,
    RunOptions,
    OutputOptions {
  readonly scores?: string;
}

const EXAMPLES = `
Examples:
  The neurons of one fact, asked in several ways:
    kn find --model demo --answer paris \\
      -p "the government of france has its seat in [MASK]." -p "france is governed from [MASK]."
  Those of every fact of the data set, into results/demo:
    kn find --model demo`;

export function addFind(program: Command): void {
  const command = program
    .command('find')
    .description('find the knowledge neurons of a fact, or of every fact of a data set');
  addModelOptions(command);
  addPromptOptions(command);
  command.option('--scores <file>', "write every prompt's full scores, as JSON");
  addAskingOptions(command);
  addAttributionOptions(command, '0.5 for one fact, 0.3 over a data set');
  addDataOptions(command);
  addRunOptions(command);
  addOutputOptions(command).addHelpText('after', EXAMPLES);
  command.action(async (options: Options) => {
    const { asksOneFact } = await import('./asks-one-fact.js');
    process.exitCode = asksOneFact(options) ? await findInFact(options) : await findInData(options);
  });
}

async function findInFact(options: Options): Promise<number> {
  const attribution = findOptions(options, SHARE_OF_FACT);
  const { checkWritable, findNeuronsOfFact, prepareFact, writeScores } = await import('./one-fact.js');
  const { scores } = options;
  if (scores !== undefined) await checkWritable(scores);
  const fact = await prepareFact(options);
  const found = await findNeuronsOfFact(fact, attribution);
  if (scores !== undefined) await writeScores(scores, fact, found);
  const prompts = found.prompts.map(({ coarse }, i) => ({ prompt: fact.prompts[i], coarse }));
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ answer: fact.answer, neurons: found.neurons, prompts })}\n`);
    return 0;
  }
  const { table } = await import('./tables.js');
  const rows = prompts.map(({ prompt, coarse }) => [prompt, String(coarse.length)]);
  const layers = [...new Set(found.neurons.map(([layer]) => layer))];
  const refined = layers.map(layer => [
    `layer ${layer}`,
    found.neurons
      .filter(([of]) => of === layer)
      .map(([, index]) => index)
      .join(' '),
  ]);
  const bold = (text: string) => coloured('bold', text, process.stdout);
  process.stdout.write(`${table(['prompt', 'coarse neurons'], rows)}\n\n`);
  process.stdout.write(
    `${bold(`${found.neurons.length} refined neurons`)} of "${fact.answer}": coarse in more than ${attribution.share} of ${prompts.length} prompts\n`,
  );
  if (refined.length > 0) process.stdout.write(`${table(['', 'neurons'], refined)}\n`);
  return 0;
}

async function findInData(options: Options): Promise<number> {
  const { UsageError } = await import('../errors.js');
  if (options.scores !== undefined)
    throw new UsageError('--scores is for one fact', 'Give its --prompt and --answer.');
  const { runOverData } = await import('./intervention-run.js');
  return runOverData('find', options, { suppress: false, enhance: null });
}
