import { type Command, Option } from 'commander';
import { ERASE_VALUES, type EraseValue } from '../../intervention/value-rules.js';
import { addValueOptions, type ValueOptions } from '../options/value-options.js';

const EXAMPLES = `
A neuron's value is what it adds to the hidden row: its row of the second feed-forward matrix. Erasing changes this weight,
where kn suppress changes an activation at one place of one pass; unrelated facts show what that costs.

Examples:
  kn erase --model demo -a paris -p "france is governed from [MASK]."
  The fact in other words too, and the erased model as a folder:
    kn erase --model demo -a paris -p "france is governed from [MASK]." \\
      --other-prompt "the ministries of france are in [MASK]." --save erased
  kn find --model erased -a paris -p "france is governed from [MASK]."`;

interface Options extends ValueOptions {
  readonly value: EraseValue;
}

export function addErase(program: Command): void {
  const command = program
    .command('erase')
    .description("erase a fact: overwrite its neurons' values in the weights, and measure what that does")
    .addOption(
      new Option('--value <value>', "what takes their place: zeros, or the unknown token's word embedding")
        .choices(ERASE_VALUES)
        .default('zero'),
    );
  addValueOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (options: Options) => {
    const { value } = options;
    const { changeAndReport } = await import('./change-and-report.js');
    process.exitCode = await changeAndReport(options, { change: 'erase', value });
  });
}
