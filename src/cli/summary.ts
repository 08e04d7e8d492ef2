import type { InterventionSummary, Summary } from '../experiment/summary.js';
import { coloured } from './colour.js';
import { EXIT } from './exit.js';
import type { OutputOptions } from './options.js';
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
  const failed = summary.facts.failed.length;
  if (output.json) process.stdout.write(`${JSON.stringify({ ...summary, files })}\n`);
  else process.stdout.write(`${summaryText(summary, files, folder)}\n`);
  return failed === 0 ? EXIT.done : EXIT.someFactsFailed;
}

function summaryText(summary: Summary, files: readonly string[], folder: string): string {
  const { done, skipped, failed } = summary.facts;
  const bold = (text: string) => coloured('bold', text, process.stdout);
  const lines = [
    bold(`${summary.model}: ${done} facts done, ${skipped.length} skipped, ${failed.length} failed`),
    `${summary.neuronsPerFact.toFixed(1)} refined neurons a fact on average`,
  ];
  if (summary.accuracy !== null)
    lines.push(`${percent(summary.accuracy)} of the prompts answered before any intervention`);
  if (skipped.length > 0)
    lines.push(`Skipped, the first: ${skipped[0].uuid}: ${skipped[0].reason} (all in summary.json)`);
  if (failed.length > 0) {
    lines.push(`Failed, the first: ${failed[0].uuid}: ${failed[0].error} (all in summary.json)`);
    lines.push('The same command tries the failed ones again.');
  }
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
  return [...lines, '', `In ${folder}:`, ...files.map(file => `  ${file.slice(folder.length + 1)}`)].join(
    '\n',
  );
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
