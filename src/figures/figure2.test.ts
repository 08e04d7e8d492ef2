import { describe, expect, it } from 'vitest';
import { figure2Files, layerChart } from './figure2.js';
import { renderSvg } from './render.js';

const HEIGHT = 240;
const shares = (counts: readonly number[]) => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((neurons, layer) => ({ layer, neurons, share: neurons / total }));
};

/** Of each bar: where it begins, its width and its height, in pixels. */
async function bars(counts: readonly number[]) {
  const svg = await renderSvg(layerChart(shares(counts), 7));
  const drawn = /aria-label="layer: (\d+)[^>]*d="M([\d.]+),([\d.]+)h([\d.]+)v([\d.]+)h/g;
  return [...svg.matchAll(drawn)].map(([, ...values]) => values.map(Number));
}

describe('Figure 2', () => {
  it('has a bar a layer, in order, as high as its share; one without neurons keeps its place', async () => {
    const drawn = await bars([5, 2, 0, 13]);
    expect(drawn.map(([layer]) => layer)).toEqual([0, 1, 2, 3]);
    const heights = drawn.map(([, , , , height]) => height);
    expect(heights[2]).toBe(0);
    // The highest bar gives the scale.
    expect(heights[0] / heights[3]).toBeCloseTo(5 / 13, 2);
    expect(heights[1] / heights[3]).toBeCloseTo(2 / 13, 2);
    for (const [, , top, , height] of drawn) expect(top + height).toBeCloseTo(HEIGHT, 6);
  });

  it('keeps the bars of 24 layers apart, and names each layer', async () => {
    const drawn = await bars(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(drawn).toHaveLength(24);
    drawn.forEach(([, left], i) => {
      if (i > 0) expect(left).toBeGreaterThan(drawn[i - 1][1] + drawn[i - 1][3]);
    });
    const svg = await renderSvg(layerChart(shares(Array.from({ length: 24 }, () => 1)), 7));
    for (let layer = 0; layer < 24; layer++) expect(svg).toContain(`>${layer}</text>`);
  });

  it('says what it shows, and comes with its specification and its data', async () => {
    const files = await figure2Files(shares([5, 15]), 7);
    expect([...files.keys()]).toEqual(['figure2.svg', 'figure2.vl.json', 'figure2.csv']);
    expect(files.get('figure2.csv')).toBe('layer,neurons,share\n0,5,0.25\n1,15,0.75\n');
    const svg = files.get('figure2.svg') ?? '';
    for (const text of [
      'Knowledge neurons by layer',
      '20 neurons of 7 facts',
      'Layer, from 0',
      'Share of the neurons',
    ])
      expect(svg).toContain(`>${text}</text>`);
    expect(svg).toContain('>60%</text>');
    expect(await renderSvg(JSON.parse(files.get('figure2.vl.json') ?? ''))).toBe(svg);
  });
});
