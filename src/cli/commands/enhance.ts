import type { Command } from 'commander';
import { addFactorOption } from '../options/options.js';
import { addInterventionOptions, type InterventionOptions, runIntervention } from './intervention-command.js';

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
    const { factor } = options;
    process.exitCode = await runIntervention(options, {
      factor,
      overData: { suppress: false, enhance: factor },
      didTo: neurons => `Multiplied ${neurons} by ${factor}`,
    });
  });
}
