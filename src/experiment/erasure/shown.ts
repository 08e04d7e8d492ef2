import { counted, perplexity, signedPercent } from '../../numbers.js';
import { countedLines } from '../facts/counted-in-finding.js';
import { type Compared, paperLine } from '../run/paper.js';
import { skippedAndFailed } from '../run/reasons.js';
import type { Shown, ShownTable } from '../run/shown.js';
import { type ErasureSummary, erasureData, type SetChange } from './summary.js';

/** Dai et al., ACL 2022, Table 7: increase of perplexity, of the relation's own facts and of all others. */
const PAPER: Readonly<Record<string, readonly [own: string, others: string]>> = {
  P19: ['+106.6%', '+1.1%'],
  P27: ['+36.7%', '+4.2%'],
  P106: ['+128.2%', '+4.3%'],
  P937: ['+141.2%', '+10.1%'],
};

/**
 * How erasures ended.
 * @param paper undefined where the run is not the paper's experiment
 */
export function showErasures(summary: ErasureSummary, paper?: Compared): Shown {
  const text = erasureText(summary, paper);
  return { name: 'erasure', text, data: erasureData(summary), figures: new Map() };
}

function erasureText(summary: ErasureSummary, paper: Compared | undefined): (string | ShownTable)[] {
  const { facts, skippedRelations } = summary;
  const relations = Object.entries(summary.relations);
  const lines: (string | ShownTable)[] = [
    `${summary.model}: ${counted(relations.length, 'relation')} erased, ${skippedRelations.length} skipped, ${facts.failed.length} failed`,
    ...skippedRelations.map(({ relation, reason }) => `Skipped ${relation}: ${reason}`),
    ...skippedAndFailed(facts, 'erasure.json'),
    ...countedLines(summary),
  ];
  if (relations.length > 0) {
    const compares = paper && relations.some(([relation]) => relation in PAPER);
    const head = ['', 'neurons', 'own perplexity', '', 'of others', ''];
    const rows = relations.map(([relation, { neurons, own, others }]) => [
      relation,
      String(neurons.length),
      ...change(own),
      ...change(others),
      ...(compares ? (PAPER[relation] ?? ['', '']) : []),
    ]);
    lines.push(
      '',
      'Perplexity before and after each relation was erased:',
      { head: [...head, ...(compares ? ['paper, own', 'others'] : [])], rows, align: 'right' },
      ...(compares ? [paperLine('Table 7', paper)] : []),
    );
  }
  return lines;
}

function change(set: SetChange | null): [string, string] {
  if (!set) return ['', ''];
  const { before, after } = set.perplexity;
  return [`${perplexity(before)} -> ${perplexity(after)}`, signedPercent(set.relativeIncrease)];
}
