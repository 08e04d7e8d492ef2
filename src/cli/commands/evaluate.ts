import type { Command } from 'commander';
import type { UnrelatedRule } from '../../experiment/facts/unrelated.js';
import { addFindingOptions, addOverDataOptions, type DataRunOptions } from '../options/data-run-options.js';
import { addFactorOption, addUnrelatedOptions } from '../options/options.js';
import { addErasure } from './evaluate-erasure.js';
import { addUpdate } from './evaluate-update.js';

interface Options extends DataRunOptions {
  readonly factor: number;
  readonly unrelated?: UnrelatedRule;
}

const DETAILS = `
Finds the knowledge neurons of every fact, suppresses and enhances them on the fact's own prompts and on those of
an unrelated fact, and draws Figures 3 and 4 of Dai et al. (2021). Each finished fact is kept at once: after an
interruption the same command goes on where it stopped.

Examples:
  kn evaluate pararel --model demo
  kn evaluate pararel --model demo --protocol dai --results results/demo-dai
  kn evaluate pararel --model bert-base-uncased --relations P36,P37 --limit 20
  kn evaluate pararel --model ./my-bert --data ./my-relations --results ./out

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some facts failed, 130 interrupted.`;

const OVERVIEW = `
Examples:
  kn evaluate pararel --model demo
  kn evaluate update --model demo
  kn evaluate erasure --model demo

Each explains itself: kn evaluate update --help`;

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description("the paper's experiments over a data set, whole and resumable")
    .helpCommand(false)
    .addHelpText('after', OVERVIEW);
  addPararel(command);
  addUpdate(command);
  addErasure(command);
}

function addPararel(evaluate: Command): void {
  const command = evaluate
    .command('pararel')
    .description('find, suppress and enhance for every fact, with figures');
  addFindingOptions(command).optionsGroup('Interventions:');
  addFactorOption(command);
  addUnrelatedOptions(command);
  addOverDataOptions(command).addHelpText('after', DETAILS);
  command.action(async (options: Options) => {
    const { runRequest } = await import('../options/run-request.js');
    const { runAndReport } = await import('../run-and-report.js');
    const { factor, unrelated } = options;
    const interventions = { suppress: true, enhance: factor, unrelated };
    process.exitCode = await runAndReport(
      { experiment: 'facts', ...runRequest(options), interventions },
      options,
    );
  });
}
