import { percent, perplexity, signed } from '../../numbers.js';
import { silentLines } from '../facts/silent-prompts.js';
import type { PerplexityChange } from '../run/perplexity.js';
import { skippedAndFailed } from '../run/reasons.js';
import type { Shown, ShownTable } from '../run/shown.js';
import { type DoneUpdate, type UpdateEffect, type UpdateSummary, updateData } from './summary.js';

/** Dai et al. (ACL 2022), section 5.1, on bert-base-cased: changed, success, increase of perplexity. */
const PAPER = [
  ['paper: their neurons', '48.5%', '34.4%', '', '+8.4', '+7.2'],
  ['paper: random neurons', '4.7%', '0.0%', '', '', ''],
];

/** How updates ended. */
export function showUpdates(summary: UpdateSummary, updated: readonly DoneUpdate[]): Shown {
  return { name: 'update', text: updateText(summary), data: updateData(updated), figures: new Map() };
}

export function updateText(summary: UpdateSummary): (string | ShownTable)[] {
  const { updated, skipped, failed } = summary.facts;
  const lines: (string | ShownTable)[] = [
    `${summary.model}: ${updated} facts updated, ${skipped.length} skipped, ${failed.length} failed`,
    ...(updated > 0 ? [`${summary.neuronsPerFact.toFixed(1)} neurons edited a fact on average`] : []),
    ...skippedAndFailed(summary.facts, 'update.json'),
    ...silentLines(summary.silentPrompts),
  ];
  const effects = summary.overFacts;
  if (effects) {
    const head = ['', 'changed', 'success', "target's rank", 'perplexity, same relation', 'other relations'];
    const rows = [row('their neurons', effects.knowledge), row('random neurons', effects.random), ...PAPER];
    lines.push('', 'With the values edited:', { head, rows, align: 'right' });
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
