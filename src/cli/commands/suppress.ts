import type { Command } from 'commander';
import { addInterventionOptions, type InterventionOptions, runIntervention } from './intervention-command.js';

const EXAMPLES = `
Examples:
  kn suppress --model demo -a paris -p "france is governed from [MASK]."
  kn suppress --model demo -a paris -p "france is governed from [MASK]." --neurons '[[1,42],[1,77]]'
  Over a data set, with the neurons that kn find left in results/demo (found first where it did not):
    kn suppress --model demo`;

export function addSuppress(program: Command): void {
  const command = program.command('suppress').description('set neurons to zero, and measure what that does');
  addInterventionOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (options: InterventionOptions) => {
    process.exitCode = await runIntervention(options, {
      factor: 0,
      overData: { suppress: true, enhance: null },
      didTo: neurons => `Suppressed ${neurons}`,
    });
  });
}
