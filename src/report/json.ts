import type { RunSummary } from '../experiment/run/experiment.js';
import type { Shown } from '../experiment/run/shown.js';

/** A summary and where its files are, as one line. */
export function jsonLine(summary: RunSummary, files: readonly string[]): string {
  return JSON.stringify({ ...summary, files });
}

/** The summary as a file: contents by file name. */
export async function jsonReport({ name }: Shown, summary: RunSummary): Promise<Map<string, string>> {
  return new Map([[`${name}.json`, `${JSON.stringify(summary, null, 2)}\n`]]);
}
