/** What the end of a run says of the facts that it skipped, and of those that failed. */
import { counted } from '../../numbers.js';
import type { SelectedFacts, SkippedFact } from './outcome.js';

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
