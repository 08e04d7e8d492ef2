import type { TopLevelSpec } from 'vega-lite';

/** What every figure has around its marks. */
export function frame(
  title: string,
  subtitle: string,
): Pick<TopLevelSpec, '$schema' | 'background' | 'padding' | 'title' | 'config'> {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 12,
    title: { text: title, subtitle, anchor: 'start', fontSize: 15, subtitleFontSize: 12, offset: 12 },
    config: { font: 'DejaVu Sans, Helvetica, Arial, sans-serif', view: { stroke: null } },
  };
}
