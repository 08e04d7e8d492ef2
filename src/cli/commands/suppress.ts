import type { Command } from 'commander';
import { addInterventionOptions, type InterventionOptions, interveneOnFact } from './intervention-command.js';

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
    const { asksOneFact } = await import('../options/asks-one-fact.js');
    if (asksOneFact(options)) {
      process.exitCode = await interveneOnFact(options, 0, neurons => `Suppressed ${neurons}`);
    } else {
      const { runOverData } = await import('./intervention-run.js');
      process.exitCode = await runOverData('suppress', options, { suppress: true, enhance: null });
    }
  });
}
