import type { InterventionSummary, Summary } from '../experiment/summary.js';
import type { OutputOptions } from './options.js';
import { filesText, printResult, skippedAndFailed } from './result-text.js';
import { percent, signedPercent, table } from './tables.js';

/** Dai et al., arXiv 2104.08696 v1: mean change of the correct probability. */
const PAPER = { suppression: ['-37.03%', '-0.39%'] };

/** Prints how a run ended and where its files are. Returns the exit code. */
export function printSummary(
  summary: Summary,
  files: readonly string[],
  folder: string,
  output: OutputOptions,
): number {
  return printResult(summary, files, output, () => summaryText(summary, files, folder));
}

function summaryText(summary: Summary, files: readonly string[], folder: string): string[] {
  const { done, skipped, failed } = summary.facts;
  const lines = [
    `${summary.model}: ${done} facts done, ${skipped.length} skipped, ${failed.length} failed`,
    `${summary.neuronsPerFact.toFixed(1)} refined neurons a fact on average`,
  ];
  if (summary.accuracy !== null)
    lines.push(`${percent(summary.accuracy)} of the prompts answered before any intervention`);
  lines.push(...skippedAndFailed(summary.facts, 'summary.json'));
  const rows = [
    ...interventionRows('suppressing', summary.suppression, PAPER.suppression),
    ...interventionRows('enhancing', summary.enhancement, ['', '']),
  ];
  if (rows.length > 0) {
    lines.push(
      '',
      'Mean change of the correct probability:',
      table(['', 'related facts', 'unrelated facts', 'facts', 'paper, related', 'unrelated'], rows, 'right'),
    );
  }
  return [...lines, ...filesText(files, folder)];
}

function interventionRows(
  name: string,
  summary: InterventionSummary | null,
  paper: readonly string[],
): string[][] {
  if (!summary) return [];
  const { related, unrelated, facts } = summary.overFacts;
  return [[name, signedPercent(related), signedPercent(unrelated), String(facts), ...paper]];
}
