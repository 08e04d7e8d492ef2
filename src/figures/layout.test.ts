/** That a figure fills its picture, and that all of its words can be read. */
import { describe, expect, it } from 'vitest';
import { drawnBoxes, overlap } from '../testing/drawn-boxes.js';
import { barChart, barsOf } from './bar-chart.js';
import { layerChart } from './figure2.js';
import { renderSvg } from './render.js';
import { textWidth } from './text-width.js';

const PADDING = 12;

async function expectFilledAndReadable(chart: Parameters<typeof renderSvg>[0], bars: number) {
  const drawn = drawnBoxes(await renderSvg(chart));
  expect(drawn.bars).toHaveLength(bars);
  for (const { what, left, right, top, bottom } of drawn.texts) {
    expect(Math.min(left, top), what).toBeGreaterThanOrEqual(0);
    expect(right, what).toBeLessThanOrEqual(drawn.width);
    expect(bottom, what).toBeLessThanOrEqual(drawn.height);
  }
  const crossing = drawn.texts.flatMap((a, i) =>
    drawn.texts.slice(i + 1).flatMap(b => (overlap(a, b) ? [[a.what, b.what]] : [])),
  );
  expect(crossing).toEqual([]);
  // From the first bar to the last, with as much around a lone group as between two.
  const [first, last] = [
    Math.min(...drawn.bars.map(({ left }) => left)),
    Math.max(...drawn.bars.map(({ right }) => right)),
  ];
  expect(last - first).toBeGreaterThan(0.5 * drawn.width);
  expect(drawn.width - last).toBeLessThan(0.2 * drawn.width);
  const ink = [...drawn.texts, ...drawn.bars];
  expect(Math.min(...ink.map(({ left }) => left))).toBeLessThan(PADDING + 3);
  return drawn;
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `P${1000 + i}`);

function chartOf(relations: readonly string[], isDai: boolean) {
  const means = relations.map((relation, i) => {
    const pair = { related: -0.4 - i / 100, unrelated: i / 500, facts: 700 };
    return [relation, isDai ? { ...pair, baseline: -i / 300 } : pair] as const;
  });
  return barChart(barsOf(new Map(means)), 'Suppressing knowledge neurons');
}

describe('a figure fills its picture, no word cut or over another', () => {
  const cases = [1, 2, 5, 9, 39].flatMap(count => [false, true].map(isDai => [count, isDai] as const));
  it.each(cases)('of %d relations, as Dai et al. measure: %s', async (count, isDai) => {
    await expectFilledAndReadable(chartOf(names(count), isDai), 2 * count);
  });

  it('of relations with long names, in any script', async () => {
    const long = [
      'place of birth of a head of government',
      'wwwwwwwwww',
      'iiiiiiiiii',
      'São Tomé',
      '公用語は何か',
      `it's "a" <b> \\ c`,
    ];
    const { texts } = await expectFilledAndReadable(chartOf([...long, 'a\n\u001bb\u2028'], true), 14);
    expect(texts.map(({ what }) => what)).toContain('a\\n\\u001bb\\u2028');
    expect(texts.map(({ what }) => what)).toEqual(expect.arrayContaining(long));
  });

  it.each([1, 2, 12, 48])('of %d layers', async layers => {
    const shares = Array.from({ length: layers }, (_, layer) => ({ layer, neurons: 1, share: 1 / layers }));
    await expectFilledAndReadable(layerChart(shares, 27_610), layers);
  });
});

describe('a figure that is none of ours', () => {
  it('is measured as Vega does, its long labels cut', async () => {
    const { config: _, ...chart } = chartOf(
      ['a relation with a name that nobody would want to read whole'],
      false,
    );
    const svg = await renderSvg({ ...chart, config: { font: 'Courier', axis: { labelLimit: 60 } } });
    expect(svg).toContain('Courier');
    expect(svg).toMatch(/>−?\d+%</);
  });
});

describe('a text', () => {
  // Measured by Chromium's canvas with DejaVu Sans 2.37; it also moves some pairs of letters closer together.
  it.each([
    ['Mean change by mean probability, all prompts of 15 facts of 5 relations', 12, false, 430.283],
    ['Suppressing knowledge neurons', 15, true, 276.006],
    ['Change of the correct probability', 11, true, 206.637],
    ['−12.5%', 10, false, 40.146],
    ['Éducation', 10, false, 49.785],
    ['P1376', 10, false, 31.479],
  ])('is as wide as its letters: %s', (text, size, isBold, measured) => {
    expect(Math.abs(textWidth(text, size, isBold) / measured - 1)).toBeLessThan(0.003);
  });
});
