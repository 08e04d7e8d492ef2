import { CommanderError } from 'commander';
import { Interrupted, UsageError, UserError } from '../../errors.js';
import { coloured } from '../../report/colour.js';
import { printAside } from './print.js';
import { asSystemLimit } from './system-limits.js';

/** What the command's exit code says. */
export const EXIT = { done: 0, failed: 1, usage: 2, someFactsFailed: 3, interrupted: 130 } as const;

/** Prints an error as a person should read it, and gives the exit code. */
export function reportError(error: unknown): number {
  // Commander has printed its own message by now, and help and --version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof Interrupted) {
    printAside(error.message);
    return EXIT.interrupted;
  }
  if (error instanceof UserError) {
    printAside(`${coloured('red', 'kn:', process.stderr)} ${error.message}`);
    if (error.remedy) printAside(error.remedy);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
  const limit = asSystemLimit(error);
  if (limit) return reportError(limit);
  printAside('kn: this is a bug; please report what follows', ...stackOf(error));
  return EXIT.failed;
}

/** The message as one line, and where it was thrown. */
function stackOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const { stack = '', message } = error;
  const end = stack.indexOf(message) + message.length;
  return message !== '' && end >= message.length
    ? [stack.slice(0, end), ...stack.slice(end).split('\n').slice(1)]
    : stack.split('\n');
}
