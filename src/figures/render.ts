import { Error as ErrorLevel, logger, parse, resetSVGDefIds, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

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
