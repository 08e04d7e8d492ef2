import { reasonOf, systemErrorCode } from '../../errors.js';
import { EXIT } from './exit.js';
import { printAside } from './print.js';

/**
 * What cannot be printed ends no work: a run's files are written all the same, and the exit code says it. A reader that
 * has gone (`| head`) wants no message, and where standard error is gone there is nobody to tell.
 */
export function outliveOutput(): void {
  let failed = false;
  process.stdout.on('error', error => {
    if (!failed && systemErrorCode(error) !== 'EPIPE')
      printAside(`kn: standard output cannot be written (${reasonOf(error)})`);
    failed = true;
  });
  process.stderr.on('error', () => undefined);
  process.on('exit', () => {
    if (failed && !process.exitCode) process.exitCode = EXIT.failed;
  });
}
