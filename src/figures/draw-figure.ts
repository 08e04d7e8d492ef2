import type { TopLevelSpec } from 'vega-lite';
import { csvOf } from '../csv.js';
import { renderSvg } from './render.js';

/**
 * A figure's picture, its specification and its data.
 * @param rows the data: objects with the columns as keys
 * @returns each file's name and content
 */
export async function drawFigure(
  name: string,
  specification: TopLevelSpec,
  rows: readonly object[],
): Promise<[name: string, content: string][]> {
  return [
    [`${name}.svg`, await renderSvg(specification)],
    [`${name}.vl.json`, `${JSON.stringify(specification, null, 2)}\n`],
    [`${name}.csv`, csvOf(rows)],
  ];
}
