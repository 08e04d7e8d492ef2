import { perplexity, signedPercent } from '../../numbers.js';
import { silentLines } from '../facts/silent-prompts.js';
import { skippedAndFailed } from '../run/reasons.js';
import type { Shown, ShownTable } from '../run/shown.js';
import { type ErasureSummary, erasureData, type SetChange } from './summary.js';

/** Dai et al. (ACL 2022), section 5.2, on bert-base-cased: increase of the relation's own perplexity. */
const PAPER: Readonly<Record<string, string>> = { P19: '+106.6%', P106: '+128.2%' };

/** The same of all other relations, over the four that the paper erased. */
const PAPER_OTHERS = '(paper, of others: +1.1% to +10.1%)';

/** How erasures ended. */
export function showErasures(summary: ErasureSummary): Shown {
  return { name: 'erasure', text: erasureText(summary), data: erasureData(summary), figures: new Map() };
}

function erasureText(summary: ErasureSummary): (string | ShownTable)[] {
  const { facts, skippedRelations } = summary;
  const relations = Object.entries(summary.relations);
  const lines: (string | ShownTable)[] = [
    `${summary.model}: ${relations.length} relations erased, ${skippedRelations.length} skipped, ${facts.failed.length} failed`,
    ...skippedRelations.map(({ relation, reason }) => `Skipped ${relation}: ${reason}`),
    ...skippedAndFailed(facts, 'erasure.json'),
    ...silentLines(summary.silentPrompts),
  ];
  if (relations.length > 0) {
    const head = ['', 'neurons', 'own perplexity', '', 'of others', '', 'paper, own'];
    const rows = relations.map(([relation, { neurons, own, others }]) => [
      relation,
      String(neurons.length),
      ...change(own),
      ...change(others),
      PAPER[relation] ?? '',
    ]);
    lines.push(
      '',
      'Perplexity before and after each relation was erased:',
      { head, rows, align: 'right' },
      PAPER_OTHERS,
    );
  }
  return lines;
}

function change(set: SetChange | null): [string, string] {
  if (!set) return ['', ''];
  const { before, after } = set.perplexity;
  return [`${perplexity(before)} -> ${perplexity(after)}`, signedPercent(set.relativeIncrease)];
}
