import { percent, signedPercent } from '../../numbers.js';
import { skippedAndFailed } from '../run/reasons.js';
import type { BarPair, Shown, ShownBars, ShownTable } from '../run/shown.js';
import type { InterventionName } from './relation-means.js';
import { silentLines } from './silent-prompts.js';
import { type InterventionSummary, type Summary, summaryData } from './summary.js';
import { type RelationTuning, TOO_FEW_TEMPLATES } from './tuned-relations.js';

/** Dai et al., arXiv 2104.08696 v1: mean change of the correct probability. */
const PAPER = { suppression: ['-37.03%', '-0.39%'] };

/** Dai et al., ACL 2022: the same over relations, of knowledge neurons. */
const ACL_PAPER = { suppression: '-29.03%', enhancement: '+31.17%' };

/** The paper's Figures 3 and 4. */
export const FIGURES: readonly { name: string; intervention: InterventionName; title: string }[] = [
  { name: 'figure3', intervention: 'suppression', title: 'Suppressing knowledge neurons' },
  { name: 'figure4', intervention: 'enhancement', title: 'Enhancing knowledge neurons' },
];

/**
 * How suppressing and enhancing ended.
 * @param measured whether any effect is in the summary
 */
export function showFacts(summary: Summary, measured: boolean): Shown {
  return {
    name: 'summary',
    text: summaryText(summary),
    data: measured || summary.tuning ? summaryData(summary) : null,
    figures: effectBars(intervention => new Map(Object.entries(summary[intervention]?.relations ?? {}))),
  };
}

/**
 * A figure for each intervention that was measured.
 * @param relationsOf the mean change of each relation, in order
 */
export function effectBars(
  relationsOf: (intervention: InterventionName) => ReadonlyMap<string, BarPair>,
): Map<string, ShownBars> {
  return new Map(
    FIGURES.flatMap(({ name, intervention, title }) => {
      const relations = relationsOf(intervention);
      return relations.size === 0 ? [] : [[name, { title, relations }] as const];
    }),
  );
}

function summaryText(summary: Summary): (string | ShownTable)[] {
  const { done, skipped, failed } = summary.facts;
  const lines: (string | ShownTable)[] = [
    `${summary.model}: ${done} facts done, ${skipped.length} skipped, ${failed.length} failed`,
  ];
  if (summary.neuronsPerFact !== null)
    lines.push(`${summary.neuronsPerFact.toFixed(1)} refined neurons a fact on average`);
  if (summary.accuracy !== null)
    lines.push(`${percent(summary.accuracy)} of the prompts answered before any intervention`);
  lines.push(...skippedAndFailed(summary.facts, 'summary.json'), ...silentLines(summary.silentPrompts));
  lines.push(...(summary.tuning ? tunedLines(summary, summary.tuning) : changeLines(summary)));
  return lines;
}

function changeLines({ suppression, enhancement }: Summary): (string | ShownTable)[] {
  const rows = [
    ...interventionRows('suppressing', suppression, PAPER.suppression),
    ...interventionRows('enhancing', enhancement, ['', '']),
  ];
  if (rows.length === 0) return [];
  return [
    '',
    'Mean change of the correct probability:',
    {
      head: ['', 'related facts', 'unrelated facts', 'facts', 'paper, related', 'unrelated'],
      rows,
      align: 'right',
    },
  ];
}

/** What `--protocol dai` has to say: the shares that it found, and its own measure. */
function tunedLines(
  { suppression, enhancement, leftOutOfMeans = [] }: Summary,
  tuning: Readonly<Record<string, RelationTuning>>,
): (string | ShownTable)[] {
  const relations = Object.values(tuning);
  const tooFew = relations.reduce((sum, { factsWithTooFewPrompts }) => sum + factsWithTooFewPrompts, 0);
  const lines = [
    `Shares of prompts tuned to ${range(relations.map(({ knowledge }) => knowledge.share))}, ` +
      `for baseline neurons ${range(relations.map(({ baseline }) => baseline.share))} (by relation in summary.csv)`,
  ];
  if (tooFew > 0)
    lines.push(`${tooFew} facts have too few prompts for any neuron to be shared by enough of them`);
  if (leftOutOfMeans.length > 0)
    lines.push(
      `In none of the means, as in Dai et al.'s data, with ${TOO_FEW_TEMPLATES} templates or fewer: ${leftOutOfMeans.join(', ')}`,
    );
  const rows = [
    ...comparedRows('suppressing', suppression, ACL_PAPER.suppression),
    ...comparedRows('enhancing', enhancement, ACL_PAPER.enhancement),
  ];
  if (rows.length === 0) return lines;
  return [
    ...lines,
    '',
    'Mean change of the correct probability by its mean, over relations:',
    {
      head: ['', 'knowledge neurons', 'baseline neurons', 'unrelated facts', 'facts', 'paper, knowledge'],
      rows,
      align: 'right',
    },
  ];
}

function comparedRows(name: string, summary: InterventionSummary | null, paper: string): string[][] {
  if (!summary?.overRelations) return [];
  const { related, unrelated, baseline, facts } = summary.overRelations;
  const ofBaseline = baseline === undefined ? '' : signedPercent(baseline);
  return [[name, signedPercent(related), ofBaseline, signedPercent(unrelated), String(facts), paper]];
}

function range(values: readonly number[]): string {
  const shown = [Math.min(...values), Math.max(...values)].map(value => value.toFixed(2));
  return [...new Set(shown)].join(' to ');
}

function interventionRows(
  name: string,
  summary: InterventionSummary | null,
  paper: readonly string[],
): string[][] {
  if (!summary?.overFacts) return [];
  const { related, unrelated, facts } = summary.overFacts;
  return [[name, signedPercent(related), signedPercent(unrelated), String(facts), ...paper]];
}
