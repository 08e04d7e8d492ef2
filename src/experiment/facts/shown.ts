import { counted, percent, signedPercent } from '../../numbers.js';
import { paperLine } from '../run/paper.js';
import { skippedAndFailed } from '../run/reasons.js';
import type { BarPair, Shown, ShownBars, ShownTable } from '../run/shown.js';
import { countedLines } from './counted-in-finding.js';
import type { InterventionName } from './relation-means.js';
import { type InterventionSummary, type Summary, summaryData } from './summary.js';
import { type RelationTuning, TOO_FEW_TEMPLATES } from './tuned-relations.js';

/** Dai et al., ACL 2022, Figures 4 and 5: the mean change over relations, of knowledge and of baseline neurons. */
const PAPER = { suppression: ['-29.03%', '-1.47%'], enhancement: ['+31.17%', '-1.27%'] } as const;

/** Numbered as in the paper's first version, and the replication; Figures 4 and 5 of the ACL version. */
export const FIGURES: readonly { name: string; intervention: InterventionName; title: string }[] = [
  { name: 'figure3', intervention: 'suppression', title: 'Suppressing knowledge neurons' },
  { name: 'figure4', intervention: 'enhancement', title: 'Enhancing knowledge neurons' },
];

/**
 * How suppressing and enhancing ended.
 * @param measured whether any effect is in the summary
 * @param asInPaper the interventions that are the paper's experiment, so that its numbers compare
 */
export function showFacts(
  summary: Summary,
  measured: boolean,
  asInPaper: readonly InterventionName[],
): Shown {
  return {
    name: 'summary',
    text: summaryText(summary, measured, asInPaper),
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

function summaryText(
  summary: Summary,
  measured: boolean,
  asInPaper: readonly InterventionName[],
): (string | ShownTable)[] {
  const { done, skipped, failed } = summary.facts;
  const lines: (string | ShownTable)[] = [
    `${summary.model}: ${counted(done, 'fact')} done, ${skipped.length} skipped, ${failed.length} failed`,
  ];
  if (summary.neuronsPerFact !== null)
    lines.push(`${summary.neuronsPerFact.toFixed(1)} refined neurons a fact on average`);
  if (summary.accuracy !== null)
    lines.push(`${percent(summary.accuracy)} of the prompts answered before any intervention`);
  lines.push(...skippedAndFailed(summary.facts, 'summary.json'), ...countedLines(summary));
  lines.push(...whyNoChange(summary, measured));
  lines.push(...(summary.tuning ? tunedLines(summary, summary.tuning, asInPaper) : changeLines(summary)));
  return lines;
}

/** Nothing to show is said, and why: the rows and figures that a reader looks for would be missing without a word. */
function whyNoChange(
  { neuronsPerFact, suppression, enhancement }: Summary,
  measured: boolean,
): readonly string[] {
  if (suppression || enhancement) return [];
  if (neuronsPerFact === 0)
    return [
      `No fact has a neuron${measured ? ', so nothing was changed and there is no figure' : ''}: give other --neurons, or find some with a lower threshold or --share`,
    ];
  return measured
    ? ['No fact and its unrelated fact both have neurons, so no change counts and there is no figure']
    : [];
}

function changeLines({ suppression, enhancement }: Summary): (string | ShownTable)[] {
  const rows = [
    ...interventionRows('suppressing', suppression),
    ...interventionRows('enhancing', enhancement),
  ];
  if (rows.length === 0) return [];
  return [
    '',
    'Mean change of the correct probability:',
    {
      head: ['', 'related facts', 'unrelated facts', 'facts'],
      rows,
      align: 'right',
    },
  ];
}

/** What `--protocol dai` has to say: the shares that it found, and its own measure. */
function tunedLines(
  { leftOutOfMeans = [], ...summary }: Summary,
  tuning: Readonly<Record<string, RelationTuning>>,
  asInPaper: readonly InterventionName[],
): (string | ShownTable)[] {
  const relations = Object.values(tuning);
  const tooFew = relations.reduce((sum, { factsWithTooFewPrompts }) => sum + factsWithTooFewPrompts, 0);
  const lines = [
    `Shares of prompts tuned to ${range(relations.map(({ knowledge }) => knowledge.share))}, ` +
      `for baseline neurons ${range(relations.map(({ baseline }) => baseline.share))} (by relation in summary.csv)`,
  ];
  if (tooFew > 0)
    lines.push(
      `${counted(tooFew, 'fact')} ${tooFew === 1 ? 'has' : 'have'} too few prompts for any neuron to be shared by enough of them`,
    );
  if (leftOutOfMeans.length > 0)
    lines.push(
      `In none of the means, as in Dai et al.'s data, with ${TOO_FEW_TEMPLATES} templates or fewer: ${leftOutOfMeans.join(', ')}`,
    );
  const measured = INTERVENTIONS.flatMap(([intervention, name]) => {
    const mean = summary[intervention]?.overRelations;
    return mean ? [{ intervention, name, mean }] : [];
  });
  if (measured.length === 0) return lines;
  const ofPaper = (name: InterventionName) => (asInPaper.includes(name) ? PAPER[name] : ['', '']);
  const compares = measured.some(({ intervention }) => asInPaper.includes(intervention));
  const here = {
    facts: measured[0].mean.facts,
    relations: relations.length - leftOutOfMeans.length,
  };
  const head = ['', 'knowledge neurons', 'baseline neurons', 'unrelated facts', 'facts'];
  const rows = measured.map(({ intervention, name, mean }) => [
    name,
    signedPercent(mean.related),
    mean.baseline === undefined ? '' : signedPercent(mean.baseline),
    signedPercent(mean.unrelated),
    String(mean.facts),
    ...(compares ? ofPaper(intervention) : []),
  ]);
  return [
    ...lines,
    '',
    'Mean change of the correct probability by its mean, over relations:',
    { head: [...head, ...(compares ? ['paper, knowledge', 'baseline'] : [])], rows, align: 'right' },
    ...(compares ? [paperLine('Figures 4 and 5', here)] : []),
  ];
}

const INTERVENTIONS: readonly (readonly [InterventionName, string])[] = [
  ['suppression', 'suppressing'],
  ['enhancement', 'enhancing'],
];

function range(values: readonly number[]): string {
  const shown = [Math.min(...values), Math.max(...values)].map(value => value.toFixed(2));
  return [...new Set(shown)].join(' to ');
}

function interventionRows(name: string, summary: InterventionSummary | null): string[][] {
  if (!summary?.overFacts) return [];
  const { related, unrelated, facts } = summary.overFacts;
  return [[name, signedPercent(related), signedPercent(unrelated), String(facts)]];
}
