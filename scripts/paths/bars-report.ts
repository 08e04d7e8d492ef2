import { groupBy } from '../../src/group-by.js';
import { table } from '../../src/report/table.js';
import type { BarOfLevel } from './bars.js';

/** Float32's own rounding. Where a level's bar is under it, of the layer's highest score, what is left of its error is float32's. */
export const UNIT_ROUNDOFF = 2 ** -24;

/** A row for each level. */
export function barLines(bars: readonly BarOfLevel[]): string[] {
  const head = [
    'nodes',
    'layers',
    'error, median',
    '95%',
    'worst',
    'of its bar, median',
    '99%',
    'worst',
    'in layer',
    'beyond it',
  ];
  const rows = [...groupBy(bars, ({ level }) => level)].map(([level, ofLevel]) => {
    const errors = ofLevel.map(({ error }) => error);
    const ofBars = ofLevel.map(({ ofBar }) => ofBar);
    const worst = ofLevel.reduce((a, b) => (b.ofBar > a.ofBar ? b : a));
    return [
      String(level),
      String(ofLevel.length),
      ...[0.5, 0.95, 1].map(share => quantile(errors, share).toExponential(1)),
      ...[0.5, 0.99, 1].map(share => quantile(ofBars, share).toFixed(3)),
      String(worst.layer),
      String(ofBars.filter(ofBar => ofBar > 1).length),
    ];
  });
  const rounding = bars.filter(({ bar }) => bar < UNIT_ROUNDOFF).map(({ ofLayer }) => ofLayer);
  return [
    ...table(head, rows, 'right'),
    '',
    "layers: of all prompts. error: the largest of a layer's scores, as a share of the prompt's highest score. of its bar: the",
    "error over what the level said that it may be, after 2^-15 of the layer's highest was taken off it for float32.",
    rounding.length === 0
      ? 'No level was so sure that float32 alone was left.'
      : `Where a level was sure to 2^-24 (${rounding.length} times), its error was ${quantile(rounding, 0.5).toExponential(1)} of the layer's highest ` +
        `in the median, ${quantile(rounding, 0.99).toExponential(1)} in one of a hundred, ${quantile(rounding, 1).toExponential(1)} at most: float32.`,
  ];
}

/** The value that so large a share of them does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
