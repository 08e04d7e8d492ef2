import type { Command } from 'commander';
import { UsageError } from '../../errors.js';
import type { DataRunOptions } from '../options/data-run-options.js';
import { findOptionsOfFact } from '../options/find-options.js';
import {
  addAskingOptions,
  addAttributionOptions,
  addDataOptions,
  addModelOptions,
  addOutputOptions,
  addPromptOptions,
  addRunOptions,
  addSeedOption,
  type PromptOptions,
} from '../options/options.js';

interface Options extends Omit<DataRunOptions, 'neurons' | 'unrelated'>, PromptOptions {
  readonly scores?: string;
  readonly convergence?: boolean;
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
  command.option(
    '--convergence',
    "show how far each layer's scores are from adding up to P(a) - P(0), as an exact integral's do",
  );
  addAskingOptions(command);
  addAttributionOptions(command, '0.5 for one fact, 0.3 over a data set');
  addDataOptions(command);
  addSeedOption(command);
  addRunOptions(command);
  addOutputOptions(command).addHelpText('after', EXAMPLES);
  command.action(async (options: Options) => {
    const { asksOneFact } = await import('../options/asks-one-fact.js');
    process.exitCode = asksOneFact(options) ? await findInFact(options) : await findInData(options);
  });
}

async function findInFact(options: Options): Promise<number> {
  const attribution = findOptionsOfFact(options);
  const { scores, convergence = false } = options;
  const integrates = options.method === 'integrated_gradients';
  if (convergence && !integrates)
    throw new UsageError(
      `--convergence is of integrated gradients, not of --method ${options.method}`,
      'Leave out one of them.',
    );
  const { checkWritable, deltasOfPrompts, findNeuronsOfFact, prepareFact, writeScores } = await import(
    './one-fact.js'
  );
  if (scores !== undefined) await checkWritable(scores);
  const fact = await prepareFact(options);
  const found = await findNeuronsOfFact(fact, attribution);
  const deltas =
    integrates && (convergence || scores !== undefined) ? await deltasOfPrompts(fact, found) : undefined;
  if (scores !== undefined) await writeScores(scores, fact, found, deltas);
  const { foundJson, foundText } = await import('../output/found-text.js');
  const finding = { fact, found, sharing: attribution, deltas: convergence ? deltas : undefined };
  process.stdout.write(`${options.json ? foundJson(finding) : foundText(finding)}\n`);
  return 0;
}

async function findInData(options: Options): Promise<number> {
  const given = (['scores', 'convergence'] as const).find(name => options[name] !== undefined);
  if (given) throw new UsageError(`--${given} is for one fact`, 'Give its --prompt and --answer.');
  const { runOverData } = await import('./intervention-run.js');
  return runOverData('find', options, { suppress: false, enhance: null });
}
