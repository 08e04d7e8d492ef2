import { type Command, Option } from 'commander';
import { EDIT_RULES, LAMBDAS } from '../../intervention/value-rules.js';
import { addFindingOptions, addOverDataOptions } from '../options/data-run-options.js';
import { number, wholeNumber } from '../options/option-values.js';
import type { UpdateOptions } from './update-run.js';

const DETAILS = `
Updates facts, as section 5.1 of Dai et al. (2022): the values of a fact's neurons are edited so that they say the object
of another fact of its relation; that is measured, and put back before the next fact. Beside it, as many random neurons
are edited in the same way.

  changed      the answer was the most probable, and is not any more
  success      the new answer is the most probable
  perplexity   exp(mean of -log P(answer)) over the prompts of a few facts of the same relation and of others: what the
               edit spoils

Neurons are found for all facts that are selected, unless they are given. Updated are some facts of each relation; those
that have no neurons, or that the model gets wrong, are passed over. Each finished fact is kept at once: after an
interruption the same command goes on where it stopped.

Examples:
  kn evaluate update --model demo
  With the neurons that kn find, or kn evaluate pararel, left in a folder:
    kn evaluate update --model demo --neurons results/demo
  By the replication's rule:
    kn evaluate update --model demo --neurons results/demo --edit-rule eleutherai --results results/demo-eleutherai

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some facts failed, 130 interrupted.`;

export function addUpdate(evaluate: Command): void {
  const command = evaluate.command('update').description("edit the values of facts' neurons, and measure it");
  const lambdas = (name: 'lambda1' | 'lambda2') =>
    EDIT_RULES.map(rule => `${LAMBDAS[rule][name]} with ${rule}`).join(', ');
  addFindingOptions(command)
    .optionsGroup('Updates:')
    .addOption(
      new Option('--edit-rule <rule>', "how values are edited: by the paper's code, or by the replication's")
        .choices(EDIT_RULES)
        .default('paper'),
    )
    .option(
      '--lambda1 <x>',
      `of the old answer, taken away (default: ${lambdas('lambda1')})`,
      number(-1e6, 1e6),
    )
    .option('--lambda2 <x>', `of the new answer, added (default: ${lambdas('lambda2')})`, number(-1e6, 1e6))
    .option('--updates <n>', 'facts to update in a relation', wholeNumber(1, 1e9), 10)
    .option(
      '--shared <share>',
      "leave neurons alone that more than this share of the relation's other facts have too",
      number(0, 1),
      0.1,
    )
    .option(
      '--measured <n>',
      'measure perplexity on so many facts of the same relation, and of others',
      wholeNumber(0, 1e6),
      5,
    )
    .option('--wrong-too', 'update facts, and count prompts, that the model does not answer correctly too')
    .option('--seed <n>', 'of all draws: facts, new answers, random neurons', wholeNumber(0, 2 ** 48), 42);
  addOverDataOptions(command, '-update').addHelpText('after', DETAILS);
  command.action(async (options: UpdateOptions) => {
    const { runUpdates } = await import('./update-run.js');
    process.exitCode = await runUpdates(options);
  });
}
