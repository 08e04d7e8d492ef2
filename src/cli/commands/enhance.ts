import type { Command } from 'commander';
import { addFactorOption } from '../options/options.js';
import { addInterventionOptions, type InterventionOptions, interveneOnFact } from './intervention-command.js';

const EXAMPLES = `
Examples:
  kn enhance --model demo -a paris -p "france is governed from [MASK]."
  kn enhance --model demo -a paris -p "france is governed from [MASK]." --factor 3
  Over a data set, with the neurons that kn find left in results/demo (found first where it did not):
    kn enhance --model demo`;

interface Options extends InterventionOptions {
  readonly factor: number;
}

export function addEnhance(program: Command): void {
  const command = program
    .command('enhance')
    .description('multiply the activations of neurons, and measure what that does');
  addFactorOption(command);
  addInterventionOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (options: Options) => {
    const { asksOneFact } = await import('../options/asks-one-fact.js');
    if (asksOneFact(options)) {
      const { factor } = options;
      process.exitCode = await interveneOnFact(
        options,
        factor,
        neurons => `Multiplied ${neurons} by ${factor}`,
      );
    } else {
      const { runOverData } = await import('./intervention-run.js');
      process.exitCode = await runOverData('enhance', options, { suppress: false, enhance: options.factor });
    }
  });
}
