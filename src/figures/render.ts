import { Error as ErrorLevel, logger, parse, resetSVGDefIds, textMetrics, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { FONT, textWidth } from './text-width.js';

// Part of Vega's API, and missing in its types.
declare module 'vega' {
  interface MeasuredText {
    readonly font?: string;
    readonly fontSize?: number;
    readonly fontWeight?: string | number;
    /** Longer text is cut. */
    readonly limit?: number;
  }
  const textMetrics: {
    width: (item: MeasuredText, text: unknown) => number;
    height: (item: MeasuredText) => number;
  };
}

// Vega has one way of measuring in a process, which may be drawing figures of others too: theirs stay as they are.
const measureOthers = textMetrics.width;
textMetrics.width = (item, text) => {
  const { font, fontWeight, limit = 0 } = item;
  const isBold = fontWeight === 'bold' || Number(fontWeight) >= 600;
  const width =
    font === FONT
      ? textWidth(String(text ?? '').trim(), textMetrics.height(item), isBold)
      : measureOthers({ ...item, limit: 0 }, text); // which would ask here how much of the text the limit lets stand
  return limit > 0 ? Math.min(width, limit) : width;
};

/** Draws a Vega-Lite specification as SVG, without a browser. The same specification gives the same text. */
export async function renderSvg(specification: TopLevelSpec): Promise<string> {
  resetSVGDefIds();
  const { spec } = compile(specification);
  const view = new View(parse(spec), { renderer: 'none', logger: logger(ErrorLevel) });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
