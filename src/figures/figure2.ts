import type { TopLevelSpec } from 'vega-lite';
import type { LayerShare } from '../neurons/layer-shares.js';
import { counted } from '../numbers.js';
import { drawFigure } from './draw-figure.js';
import { frame, leastWidth } from './frame.js';

const WIDTH_OF_LAYER = 28;

/** The paper's Figure 2: a bar a layer, its share of the neurons. */
export function layerChart(shares: readonly LayerShare[], facts: number): TopLevelSpec {
  const neurons = shares.reduce((sum, { neurons }) => sum + neurons, 0);
  const titles = [
    'Knowledge neurons by layer',
    `${counted(neurons, 'neuron')} of ${counted(facts, 'fact')}`,
  ] as const;
  return {
    ...frame(...titles),
    data: { values: [...shares] },
    width: Math.max(leastWidth(...titles), shares.length * WIDTH_OF_LAYER),
    height: 240,
    mark: { type: 'bar', color: '#0072b2' },
    encoding: {
      x: {
        field: 'layer',
        type: 'ordinal',
        scale: { paddingInner: 0.25 },
        axis: { title: 'Layer, from 0', labelAngle: 0, labelOverlap: false, ticks: false },
      },
      y: {
        field: 'share',
        type: 'quantitative',
        axis: { title: 'Share of the neurons', format: '.3~p', tickCount: 6, gridColor: '#ddd' },
      },
    },
  };
}

/** @returns contents by file name */
export async function figure2Files(
  shares: readonly LayerShare[],
  facts: number,
): Promise<Map<string, string>> {
  return new Map(await drawFigure('figure2', layerChart(shares, facts), shares));
}
