import type { TopLevelSpec } from 'vega-lite';
import { FONT, textWidth } from './text-width.js';

const TITLE_SIZE = 15;
const SUBTITLE_SIZE = 12;

/** Of a chart without what stands beside it: a narrower one has a title that is cut, or a legend. */
const LEAST_WIDTH = 340;

/** What an axis with percentages takes on the left at least, in pixels: titles begin there. */
const AXIS_WIDTH = 40;

/** How wide a chart is at least, so that its titles end over it. */
export function leastWidth(title: string, subtitle: string): number {
  const titles = Math.max(textWidth(title, TITLE_SIZE, true), textWidth(subtitle, SUBTITLE_SIZE));
  return Math.max(LEAST_WIDTH, Math.ceil(titles) - AXIS_WIDTH);
}

/** What every figure has around its marks. */
export function frame(
  title: string,
  subtitle: string,
): Pick<TopLevelSpec, '$schema' | 'background' | 'padding' | 'title' | 'config'> {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 12,
    title: {
      text: title,
      subtitle,
      anchor: 'start',
      fontSize: TITLE_SIZE,
      subtitleFontSize: SUBTITLE_SIZE,
      offset: 12,
    },
    config: { font: FONT, view: { stroke: null } },
  };
}
