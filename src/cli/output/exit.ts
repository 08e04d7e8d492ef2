import { CommanderError } from 'commander';
import { Interrupted, UsageError, UserError } from '../../errors.js';
import { coloured } from '../../report/colour.js';

/** What the command's exit code says. */
export const EXIT = { done: 0, failed: 1, usage: 2, someFactsFailed: 3, interrupted: 130 } as const;

/** Prints an error as a person should read it, and gives the exit code. */
export function reportError(error: unknown): number {
  // Commander has printed its own message by now, and help and --version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.interrupted;
  }
  if (error instanceof UserError) {
    process.stderr.write(`${coloured('red', 'kn:', process.stderr)} ${error.message}\n`);
    if (error.remedy) process.stderr.write(`${error.remedy}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
  // env-paths asks for the home folder as soon as it is loaded.
  if (error instanceof Error && error.message.includes('uv_os_homedir'))
    return reportError(
      new UserError('this user has no home folder', 'Set HOME to a folder that may be written.'),
    );
  process.stderr.write('kn: this is a bug; please report what follows\n');
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  return EXIT.failed;
}
