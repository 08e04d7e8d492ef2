/** What the ends of runs have in common: one JSON object, or lines for people. */

import type { SelectedFacts } from '../../experiment/facts/summary.js';
import type { SkippedFact } from '../../experiment/run/askable-facts.js';
import { coloured } from '../../report/colour.js';
import { counted } from '../../report/table.js';
import type { OutputOptions } from '../options/options.js';
import { EXIT } from './exit.js';

/** How a run ended, and where its files are. */
interface Ended<Summary> {
  readonly summary: Summary;
  readonly files: readonly string[];
  readonly folder: string;
}

/**
 * Prints a summary, or its lines, the first in bold, and where the files are.
 * @returns the exit code
 */
export function printResult<Summary extends { readonly facts: SelectedFacts }>(
  { summary, files, folder }: Ended<Summary>,
  linesOf: (summary: Summary) => readonly string[],
  output: OutputOptions,
): number {
  if (output.json) {
    process.stdout.write(`${JSON.stringify({ ...summary, files })}\n`);
  } else {
    const [first, ...rest] = [...linesOf(summary), ...filesText(files, folder)];
    process.stdout.write(`${[coloured('bold', first, process.stdout), ...rest].join('\n')}\n`);
  }
  return summary.facts.failed.length === 0 ? EXIT.done : EXIT.someFactsFailed;
}

/** @param file that lists them all */
export function skippedAndFailed({ skipped, failed }: SelectedFacts, file: string): string[] {
  const lines: string[] = [];
  if (skipped.length > 0) lines.push(`Skipped, and why (each in ${file}):`, ...reasonLines(skipped));
  if (failed.length > 0) {
    lines.push(`Failed, the first: ${failed[0].uuid}: ${failed[0].error} (all in ${file})`);
    lines.push('The same command tries the failed ones again.');
  }
  return lines;
}

const REASONS_SHOWN = 3;

/** How many facts were skipped for each reason, the most frequent first. */
function reasonLines(skipped: readonly SkippedFact[]): string[] {
  const counts = new Map<string, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const groups = [...counts].sort(([, a], [, b]) => b - a);
  const shown = groups.slice(0, REASONS_SHOWN);
  const lines = shown.map(([reason, count]) => `  ${count}: ${reason}`);
  const rest = skipped.length - shown.reduce((sum, [, count]) => sum + count, 0);
  if (rest > 0) lines.push(`  ${rest}: for ${counted(groups.length - shown.length, 'other reason')}`);
  return lines;
}

function filesText(files: readonly string[], folder: string): string[] {
  return ['', `In ${folder}:`, ...files.map(file => `  ${file.slice(folder.length + 1)}`)];
}
