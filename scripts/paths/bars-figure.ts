import type { TopLevelSpec } from 'vega-lite';
import { UserError } from '../../src/errors.js';
import { frame, leastWidth } from '../../src/figures/frame.js';
import { checkWritable, writeNamedFile } from '../../src/files.js';
import { groupBy } from '../../src/group-by.js';
import { counted } from '../../src/numbers.js';
import { printable } from '../../src/printable.js';
import type { BarOfLevel } from './bars.js';
import { quantile, UNIT_ROUNDOFF } from './bars-report.js';

type Measured = Pick<BarOfLevel, 'level' | 'error' | 'allowed'>;

/** Blue and orange of Okabe and Ito (2008), as in the other figures. */
const [ERROR, BAR] = ['#0072b2', '#e69f00'];
const [WHOLE, DASHED, DOTTED] = [
  [1, 0],
  [7, 3],
  [2, 3],
];

/** A line each, in the legend's order: what it shows at a level, over all layers of all prompts. */
const SERIES = [
  { name: 'Error, median', of: 'error', share: 0.5, colour: ERROR, dash: WHOLE },
  { name: 'Error, 95th percentile', of: 'error', share: 0.95, colour: ERROR, dash: DASHED },
  { name: 'Error, worst', of: 'error', share: 1, colour: ERROR, dash: DOTTED },
  { name: 'Bar, median', of: 'allowed', share: 0.5, colour: BAR, dash: WHOLE },
  { name: 'Bar, worst', of: 'allowed', share: 1, colour: BAR, dash: DOTTED },
] as const;

const REMEDY = 'Name another file with --figure.';

/** What was measured: a model's name, and how many prompts it was asked. */
export interface Study {
  readonly name: string;
  readonly prompts: number;
}

export interface PointOfFigure {
  readonly nodes: number;
  readonly series: string;
  /** Of the prompt's highest score. */
  readonly share: number;
  /** Where it is drawn: a logarithmic axis has no place for 0. */
  readonly drawn: number;
}

/** @throws UserError where the picture cannot be written: better said before minutes of work */
export function checkFigureFile(path: string): Promise<void> {
  return checkWritable(path, REMEDY);
}

/** @throws UserError where nothing was measured, or the picture cannot be written */
export async function writeBarsFigure(path: string, bars: readonly Measured[], study: Study): Promise<void> {
  const chart = barsFigure(bars, study);
  const { renderSvg } = await import('../../src/figures/render.js');
  await writeNamedFile(path, await renderSvg(chart), REMEDY);
}

/** Each series at each level. A bar without end, of a level that knows nothing, has no place on an axis either, and no point. */
export function pointsOfFigure(bars: readonly Measured[]): PointOfFigure[] {
  const levels = [...groupBy(bars, ({ level }) => level)];
  return SERIES.flatMap(({ name, of, share }) =>
    levels.map(([nodes, ofLevel]) => ({
      nodes,
      series: name,
      share: quantile(
        ofLevel.map(bar => bar[of]),
        share,
      ),
    })),
  )
    .filter(({ share }) => Number.isFinite(share))
    .map(point => ({ ...point, drawn: Math.max(point.share, UNIT_ROUNDOFF) }));
}

/**
 * How far off the levels were, and what they said of it.
 * @throws UserError where nothing was measured
 */
export function barsFigure(bars: readonly Measured[], { name, prompts }: Study): TopLevelSpec {
  const points = pointsOfFigure(bars);
  if (points.length === 0)
    throw new UserError('no level was measured: there is nothing to draw', 'Ask for more --steps.');
  const levels = [...new Set(points.map(({ nodes }) => nodes))];
  const isDrawnWhole = bars.every(({ allowed }) => Number.isFinite(allowed));
  const titles = [
    'Scores from a few nodes: their error and its bar',
    `${printable(name)}, all layers of ${counted(prompts, 'prompt')}. Bars leave float32's rounding out` +
      (isDrawnWhole ? '' : '; some have no end, and no point'),
  ] as const;
  const top = Math.ceil(Math.log10(Math.max(1, ...points.map(({ drawn }) => drawn))));
  const powers = Array.from({ length: top + 7 }, (_, i) => 10 ** (i - 6));
  const names = SERIES.map(series => series.name);
  const colours = SERIES.map(({ colour }) => colour);
  const dashes = SERIES.map(({ dash }) => [...dash]);
  const series = {
    field: 'series',
    type: 'nominal',
    sort: names,
    legend: {
      ...{ title: null, orient: 'top', columns: 3, labelLimit: 0 },
      ...{ symbolType: 'stroke', symbolSize: 500 },
    },
  } as const;
  return {
    ...frame(...titles),
    data: { values: points },
    width: Math.max(leastWidth(...titles), 420),
    height: 320,
    mark: { type: 'line', point: { size: 40 } },
    encoding: {
      x: { field: 'nodes', type: 'ordinal', sort: levels, axis: { title: 'Nodes', labelAngle: 0 } },
      y: {
        field: 'drawn',
        type: 'quantitative',
        scale: { type: 'log', domain: [UNIT_ROUNDOFF, 10 ** top] },
        axis: {
          title: "Share of the prompt's highest score",
          values: [UNIT_ROUNDOFF, ...powers],
          labelExpr: `datum.value < 1e-7 ? '≤ 2^-24' : replace(format(datum.value, '.0e'), '+', '')`,
          labelOverlap: false,
          gridColor: '#ddd',
        },
      },
      // One legend of both, since they tell the same apart.
      color: { ...series, scale: { domain: names, range: colours } },
      strokeDash: { ...series, scale: { domain: names, range: dashes } },
    },
  };
}
