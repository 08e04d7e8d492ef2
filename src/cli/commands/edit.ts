import { type Command, Option } from 'commander';
import { EDIT_RULES, type EditRule, LAMBDAS } from '../../intervention/value-rules.js';
import { number } from '../options/option-values.js';
import { addValueOptions, type ValueOptions } from '../options/value-options.js';

const EXAMPLES = `
A neuron's value v, its row of the second feed-forward matrix, becomes v - lambda1 t + lambda2 t', with t and t' the word
embeddings of the old and the new answer.
  eleutherai   t is what the model says to the first prompt; of several tokens the first is taken
  paper        t is --answer, and the lambdas are times ||v|| / ||t|| and ||v|| / ||t'|| (Dai et al., section 5.1); of
               several tokens the mean is taken
The demo model's head is random, not trained: there an edit takes the old answer away, and hardly gives the new one.

Examples:
  kn edit --model demo -a paris --to rome -p "france is governed from [MASK]."
  By the paper's rule, with the fact in other words too, and the edited model as a folder:
    kn edit --model demo -a paris --to rome --edit-rule paper -p "france is governed from [MASK]." \\
      --other-prompt "the ministries of france are in [MASK]." --save edited
  kn find --model edited -a rome -p "france is governed from [MASK]."`;

interface Options extends ValueOptions {
  readonly to?: string;
  readonly editRule: EditRule;
  readonly lambda1?: number;
  readonly lambda2?: number;
}

const defaults = (lambda: 'lambda1' | 'lambda2') =>
  EDIT_RULES.map(rule => `${LAMBDAS[rule][lambda]} in ${rule}`).join(', ');

export function addEdit(program: Command): void {
  const command = program
    .command('edit')
    .description("edit a fact: move its neurons' values towards another answer, and measure what that does")
    .option('--to <words>', 'the new answer')
    .addOption(
      new Option('--edit-rule <rule>', 'how values move (below)').choices(EDIT_RULES).default('eleutherai'),
    )
    .option('--lambda1 <x>', `of the old answer (default: ${defaults('lambda1')})`, number(0, 1e6))
    .option('--lambda2 <x>', `of the new answer (default: ${defaults('lambda2')})`, number(0, 1e6));
  addValueOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async ({ to, editRule: rule, lambda1, lambda2, ...options }: Options) => {
    const { UsageError } = await import('../../errors.js');
    if (to === undefined) throw new UsageError('kn edit needs --to', 'Name the new answer.');
    const lambdas = {
      lambda1: lambda1 ?? LAMBDAS[rule].lambda1,
      lambda2: lambda2 ?? LAMBDAS[rule].lambda2,
    };
    const { changeAndReport } = await import('./change-and-report.js');
    process.exitCode = await changeAndReport(options, { change: 'edit', to, rule, lambdas });
  });
}
