import type { PerplexityChange } from '../../experiment/run/perplexity.js';
import type { UpdateEffect, UpdateSummary } from '../../experiment/update/summary.js';
import { percent, perplexity, signed, table } from '../../report/table.js';
import { skippedAndFailed } from './result-text.js';

/** Dai et al. (ACL 2022), section 5.1, on bert-base-cased: changed, success, increase of perplexity. */
const PAPER = [
  ['paper: their neurons', '48.5%', '34.4%', '', '+8.4', '+7.2'],
  ['paper: random neurons', '4.7%', '0.0%', '', '', ''],
];

/** How updates ended. */
export function updateText(summary: UpdateSummary): string[] {
  const { updated, skipped, failed } = summary.facts;
  const lines = [
    `${summary.model}: ${updated} facts updated, ${skipped.length} skipped, ${failed.length} failed`,
    ...(updated > 0 ? [`${summary.neuronsPerFact.toFixed(1)} neurons edited a fact on average`] : []),
    ...skippedAndFailed(summary.facts, 'update.json'),
  ];
  const effects = summary.overFacts;
  if (effects) {
    const head = ['', 'changed', 'success', "target's rank", 'perplexity, same relation', 'other relations'];
    const rows = [row('their neurons', effects.knowledge), row('random neurons', effects.random), ...PAPER];
    lines.push('', 'With the values edited:', table(head, rows, 'right'));
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
