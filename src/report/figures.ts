import { measuredChanges } from '../experiment/facts/measured-changes.js';
import type { ResultsOfFacts } from '../experiment/facts/results-file.js';
import { effectBars } from '../experiment/facts/shown.js';
import type { Shown } from '../experiment/run/shown.js';

/** Figures 3 and 4, or what else is shown as bars: for each its picture, specification and data, by file name. */
export async function figuresReport({ figures }: Pick<Shown, 'figures'>): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  if (figures.size === 0) return files;
  // Vega is large, and most runs are over long before it is wanted.
  const [{ barChart, barsOf }, { drawFigure }] = [
    await import('../figures/bar-chart.js'),
    await import('../figures/draw-figure.js'),
  ];
  for (const [name, { title, relations }] of figures) {
    const bars = barsOf(relations);
    for (const file of await drawFigure(name, barChart(bars, title), bars)) files.set(...file);
  }
  return files;
}

/**
 * Figures 3 and 4 of results that were read from files.
 * @returns contents by file name; none of an intervention that was not measured
 * @throws UserError where some facts have baseline effects and others have none
 */
export function figureFiles(results: ResultsOfFacts): Promise<Map<string, string>> {
  return figuresReport({ figures: effectBars(name => measuredChanges(results, name).relations) });
}
