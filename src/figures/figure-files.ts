import { measuredChanges } from '../experiment/facts/measured-changes.js';
import type { InterventionName } from '../experiment/facts/relation-means.js';
import type { ResultsOfFacts } from '../experiment/facts/results-file.js';
import { barChart, barsOf } from './bar-chart.js';
import { drawFigure } from './draw-figure.js';

const FIGURES: readonly { name: string; intervention: InterventionName; title: string }[] = [
  { name: 'figure3', intervention: 'suppression', title: 'Suppressing knowledge neurons' },
  { name: 'figure4', intervention: 'enhancement', title: 'Enhancing knowledge neurons' },
];

/**
 * The paper's Figures 3 and 4 of some results: for each the picture, its specification and its data.
 * @returns contents by file name; no files for an intervention that was not measured
 */
export async function figureFiles(results: ResultsOfFacts): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const { name, intervention, title } of FIGURES) {
    const bars = barsOf(measuredChanges(results, intervention).relations);
    if (bars.length === 0) continue;
    for (const file of await drawFigure(name, barChart(bars, title), bars)) files.set(...file);
  }
  return files;
}
