import type { Command } from 'commander';
import { UsageError } from '../../errors.js';
import type { DataRunOptions } from '../options/data-run-options.js';
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
import { print } from '../output/print.js';
import { createProgress } from '../output/progress.js';

interface Options extends Omit<DataRunOptions, 'neurons'>, PromptOptions {
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
  const { scores, convergence = false } = options;
  const { askedFact, factFinding } = await import('../options/fact-request.js');
  const finding = factFinding(options);
  const { method } = finding.method;
  const integrates = method === 'integrated_gradients';
  if (convergence && !integrates)
    throw new UsageError(
      `--convergence is of integrated gradients, not of --method ${method}`,
      'Leave out one of them.',
    );
  const { checkScoresFile, writeScores } = await import('../output/scores-file.js');
  if (scores !== undefined) await checkScoresFile(scores);
  const { prompts, answer, negativePrompts } = await askedFact(options);
  const { openKnowledgeNeurons } = await import('../open-model.js');
  const { onProgress } = createProgress(options);
  const kn = await openKnowledgeNeurons(options, [...prompts, ...negativePrompts], onProgress);
  const found = await kn.find(prompts, answer, {
    ...finding,
    negativePrompts,
    keepScores: scores !== undefined,
    convergence: integrates && (convergence || scores !== undefined),
  });
  if (scores !== undefined) await writeScores(scores, answer, found);
  const { warnOfUnknown } = await import('../output/fact-warnings.js');
  warnOfUnknown({ answer, answerTokens: found.answerTokens, standings: found.prompts }, onProgress);
  const { foundJson, foundText } = await import('../output/found-text.js');
  const shown = { answer, found, sharing: finding, convergence };
  print(...(options.json ? [foundJson(shown)] : foundText(shown)));
  return 0;
}

async function findInData(options: Options): Promise<number> {
  const given = (['scores', 'convergence'] as const).find(name => options[name] !== undefined);
  if (given) throw new UsageError(`--${given} is for one fact`, 'Give its --prompt and --answer.');
  const { runRequest } = await import('../options/run-request.js');
  const { runAndReport } = await import('../run-and-report.js');
  const interventions = { suppress: false, enhance: null };
  return runAndReport({ experiment: 'facts', ...runRequest(options), interventions }, options);
}
