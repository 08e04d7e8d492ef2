/** The comparison of the two paths, as people read it. */
import { quadrature } from '../../src/attribution/rules.js';
import { table } from '../../src/report/table.js';
import { nameOf, type StudyOptions } from './options.js';
import { stagesOf } from './stages.js';
import type { Tally } from './tally.js';

/** So many differences are shown of each threshold. */
const MOST_LINES = 20;

/** A row for each threshold. */
export function comparisonTable(tallies: readonly Tally[]): string[] {
  const head = [
    'threshold',
    'prompts',
    'coarse lists differ',
    'facts',
    'refined lists differ',
    'passes',
    'operations',
    'traces a prompt',
    'exact, s',
    'interpolated, s',
    'times as fast',
  ];
  const share = ({ exact, interpolated }: Tally['passes']) => (interpolated / exact).toFixed(3);
  const rows = tallies.map(({ threshold, passes, operations, seconds, traced, ...tally }) => [
    nameOf(threshold),
    String(tally.prompts),
    String(tally.differentCoarse),
    String(tally.facts),
    String(tally.differentRefined),
    share(passes),
    share(operations),
    (traced.interpolated / traced.exact).toFixed(2),
    seconds.exact.toFixed(1),
    seconds.interpolated.toFixed(1),
    (seconds.exact / seconds.interpolated).toFixed(2),
  ]);
  return table(head, rows, 'right');
}

/** For each layer how many prompts were decided where. */
export function stagesTable(
  { threshold, layers }: Tally,
  { rule, steps }: Pick<StudyOptions, 'rule' | 'steps'>,
): string[] {
  const stages = stagesOf(quadrature(rule, steps));
  const rows = layers.map((layer, index) => [
    `layer ${index}`,
    ...stages.map(stage => String(layer.prompts.get(stage) ?? 0)),
    layer.meanPoints.toFixed(2),
  ]);
  const all = stages.map(stage => layers.reduce((sum, { prompts }) => sum + (prompts.get(stage) ?? 0), 0));
  const points = layers.reduce((sum, { meanPoints }) => sum + meanPoints, 0) / layers.length;
  rows.push(['all', ...all.map(String), points.toFixed(2)]);
  return table([nameOf(threshold), ...stages, 'points'], rows, 'right');
}

export function differenceLines({ lines }: Tally): string[] {
  const left = lines.length - MOST_LINES;
  return [...lines.slice(0, MOST_LINES), ...(left > 0 ? [`... and ${left} more`] : [])];
}
