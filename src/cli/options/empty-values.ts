import type { Command } from 'commander';
import { UsageError } from '../../errors.js';

/**
 * An empty value is as a rule a shell variable that nobody has set. It is no path, prompt or answer.
 * @throws UsageError, naming the option or argument that has one
 */
export function refuseEmptyValues(command: Command): void {
  const remedy = 'Give it a value (a variable of your shell may not be set), or leave it out.';
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if ([value].flat().includes('')) throw new UsageError(`${option.long} is empty`, remedy);
  }
  const empty = command.args.indexOf('');
  // The last argument may take all that come.
  const argument = command.registeredArguments.at(Math.min(empty, command.registeredArguments.length - 1));
  if (empty !== -1 && argument) throw new UsageError(`<${argument.name()}> is empty`, remedy);
}
