import { type Command, Option } from 'commander';
import { DEFAULTS, RANGES, SUFFIX } from '../../experiment/update/defaults.js';
import { EDIT_RULES, type EditRule, LAMBDAS } from '../../intervention/value-rules.js';
import { addFindingOptions, addOverDataOptions, type DataRunOptions } from '../options/data-run-options.js';
import { number, wholeNumber } from '../options/option-values.js';
import { addSeedOption } from '../options/options.js';

interface Options extends DataRunOptions {
  readonly editRule: EditRule;
  readonly lambda1?: number;
  readonly lambda2?: number;
  readonly updates: number;
  readonly shared: number;
  readonly measured: number;
  readonly wrongToo?: boolean;
}

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
        .default(DEFAULTS.editRule),
    )
    .option(
      '--lambda1 <x>',
      `of the old answer, taken away (default: ${lambdas('lambda1')})`,
      number(...RANGES.lambda),
    )
    .option(
      '--lambda2 <x>',
      `of the new answer, added (default: ${lambdas('lambda2')})`,
      number(...RANGES.lambda),
    )
    .option(
      '--updates <n>',
      'facts to update in a relation',
      wholeNumber(...RANGES.updates),
      DEFAULTS.updates,
    )
    .option(
      '--shared <share>',
      "leave neurons alone that more than this share of the relation's other facts have too (with --protocol dai: as its code counts, docs/protocols.md)",
      number(...RANGES.shared),
      DEFAULTS.shared,
    )
    .option(
      '--measured <n>',
      'measure perplexity on so many facts of the same relation, and of others',
      wholeNumber(...RANGES.measured),
      DEFAULTS.measured,
    )
    .option('--wrong-too', 'update facts, and count prompts, that the model does not answer correctly too');
  addSeedOption(command, 'of all draws: facts, new answers, random neurons');
  addOverDataOptions(command, SUFFIX).addHelpText('after', DETAILS);
  command.action(async (options: Options) => {
    const { runRequest } = await import('../options/run-request.js');
    const { runAndReport } = await import('../run-and-report.js');
    const { editRule, lambda1, lambda2, updates, shared, measured, wrongToo = false } = options;
    const update = { editRule, lambda1, lambda2, updates, shared, measured, wrongToo };
    process.exitCode = await runAndReport({ experiment: 'update', ...runRequest(options), update }, options);
  });
}
