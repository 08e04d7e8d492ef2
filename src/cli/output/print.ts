/** The one way to the terminal. */
import { terminalText } from '../../printable.js';

/** Results, on standard output: each string is a line. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(terminalText(lines));
}

/** All that is about the work and not its result, on standard error. */
export function printAside(...lines: readonly string[]): void {
  process.stderr.write(terminalText(lines));
}
