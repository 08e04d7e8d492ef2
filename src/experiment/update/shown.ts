import { counted, percent, perplexity, signed } from '../../numbers.js';
import { countedLines } from '../facts/counted-in-finding.js';
import { type Compared, paperLine } from '../run/paper.js';
import type { PerplexityChange } from '../run/perplexity.js';
import { skippedAndFailed } from '../run/reasons.js';
import type { Shown, ShownTable } from '../run/shown.js';
import { type DoneUpdate, type UpdateEffect, type UpdateSummary, updateData } from './summary.js';

/** Dai et al., ACL 2022, Table 6: changed, success, increase of perplexity. */
const PAPER = [
  ['paper: their neurons', '48.5%', '34.4%', '', '+8.4', '+7.2'],
  ['paper: random neurons', '4.7%', '0.0%', '', '+10.1', '+4.3'],
];

const TARGET_RANK =
  "target's rank: 1 + the tokens that are more probable; of a target of several tokens the worst of theirs";

/**
 * How updates ended.
 * @param paper undefined where the run is not the paper's experiment
 */
export function showUpdates(summary: UpdateSummary, updated: readonly DoneUpdate[], paper?: Compared): Shown {
  const text = updateText(summary, paper);
  return { name: 'update', text, data: updateData(updated), figures: new Map() };
}

export function updateText(summary: UpdateSummary, paper?: Compared): (string | ShownTable)[] {
  const { updated, skipped, failed } = summary.facts;
  const lines: (string | ShownTable)[] = [
    `${summary.model}: ${counted(updated, 'fact')} updated, ${skipped.length} skipped, ${failed.length} failed`,
    ...(updated > 0 ? [`${summary.neuronsPerFact.toFixed(1)} neurons edited a fact on average`] : []),
    ...skippedAndFailed(summary.facts, 'update.json'),
    ...countedLines(summary),
  ];
  const effects = summary.overFacts;
  if (effects) {
    const head = ['', 'changed', 'success', "target's rank", 'perplexity, same relation', 'other relations'];
    const own = [row('their neurons', effects.knowledge), row('random neurons', effects.random)];
    const rows = paper ? [...own, ...PAPER] : own;
    lines.push('', 'With the values edited:', { head, rows, align: 'right' }, TARGET_RANK);
    if (paper) lines.push(paperLine('Table 6', paper));
  }
  return lines;
}

function row(name: string, effect: UpdateEffect): string[] {
  const { changeRate, successRate, targetRank, same, other } = effect;
  return [
    name,
    changeRate === null ? '' : percent(changeRate),
    percent(successRate),
    `${targetRank.before.toFixed(1)} -> ${targetRank.after.toFixed(1)}`,
    ppl(same),
    ppl(other),
  ];
}

function ppl(change: PerplexityChange | null): string {
  if (!change) return '';
  const { before, after } = change.perplexity;
  return `${perplexity(before)} -> ${perplexity(after)} (${signed(change.increase)})`;
}
