import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.js';
import { renderSvg } from '../../src/figures/render.js';
import { printable } from '../../src/printable.js';
import { drawnBoxes, overlap } from '../../src/testing/drawn-boxes.js';
import { barsFigure, checkFigureFile, pointsOfFigure, writeBarsFigure } from './bars-figure.js';

const HEIGHT = 320;
const FLOOR = 2 ** -24;
const STUDY = { name: 'demo-model', prompts: 5 };
const SERIES = ['Error, median', 'Error, 95th percentile', 'Error, worst', 'Bar, median', 'Bar, worst'];

const at = (level: 3 | 5 | 9 | 17, errors: readonly number[], bars: readonly number[]) =>
  errors.map((error, i) => ({ level, error, allowed: bars[i] }));

const MEASURED = [
  ...at(3, [0.1, 0.2, 0.3, 0.4, 2], [1, 2, 3, 4, 20]),
  ...at(5, [0.01, 0.02, 0.03, 0.04, 0.05], [0.1, 0.1, 0.2, 0.3, 0.3]),
  ...at(9, [0, 0, 1e-9, 1e-5, 1e-3], [0, 0, 0, 0, 0.01]),
  ...at(17, [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]),
];

/** What each point says of itself, and its height over the axis, in pixels. */
function pointsDrawn(svg: string) {
  const point =
    /aria-label="nodes: (\d+); [^"]*; series: ([^"]*)" role="graphics-symbol" aria-roledescription="point" transform="translate\(([\d.]+),([\d.]+)\)"/g;
  return [...svg.matchAll(point)].map(([, nodes, series, x, y]) => ({
    nodes: Number(nodes),
    series,
    x: Number(x),
    over: HEIGHT - Number(y),
  }));
}

describe('the picture of errors and their bars', () => {
  it('has the median and the worst of either at each level, and what 95% of the errors do not exceed', () => {
    const hundredths = Array.from({ length: 100 }, (_, i) => ((37 * i) % 100) + 1).map(n => n / 100);
    const tenths = hundredths.map(share => 10 * share);
    const points = pointsOfFigure([...at(3, hundredths, tenths), ...MEASURED.slice(5)]);
    const sharesAt = (level: number) =>
      points.filter(({ nodes }) => nodes === level).map(({ series, share }) => [series, share]);
    const named = (shares: readonly number[]) => shares.map((share, i) => [SERIES[i], share]);
    expect(sharesAt(3)).toEqual(named([0.5, 0.95, 1, 5, 10]));
    expect(sharesAt(5)).toEqual(named([0.03, 0.05, 0.05, 0.2, 0.3]));
    expect(sharesAt(9)).toEqual(named([1e-9, 1e-3, 1e-3, 0, 0.01]));
    expect(sharesAt(17)).toEqual(named([0, 0, 0, 0, 0]));
  });

  it('draws zeros, and what float32 cannot tell from them, where the axis begins; it says so there', async () => {
    const points = pointsOfFigure(MEASURED);
    for (const { share, drawn } of points) expect(drawn).toBe(share > FLOOR ? share : FLOOR);
    const svg = await renderSvg(barsFigure(MEASURED, STUDY));
    const drawn = pointsDrawn(svg);
    expect(drawn).toHaveLength(20);
    const onTheAxis = drawn.filter(({ over }) => over === 0).map(({ nodes, series }) => [nodes, series]);
    expect(onTheAxis).toEqual([
      ...[9, 17].map(nodes => [nodes, 'Error, median']),
      [17, 'Error, 95th percentile'],
      [17, 'Error, worst'],
      ...[9, 17].map(nodes => [nodes, 'Bar, median']),
      [17, 'Bar, worst'],
    ]);
    expect(svg).toContain('>≤ 2^-24</text>');
  });

  it('gives ten times as much the same height everywhere, and every level the same width', async () => {
    const drawn = pointsDrawn(await renderSvg(barsFigure(MEASURED, STUDY)));
    const over = (nodes: number, series: string) =>
      drawn.find(point => point.nodes === nodes && point.series === series)?.over ?? Number.NaN;
    const decade = HEIGHT / Math.log10(100 / FLOOR);
    expect(over(3, 'Error, worst') - over(9, 'Error, worst')).toBeCloseTo(decade * Math.log10(2000), 3);
    expect(over(3, 'Bar, worst') - over(3, 'Error, worst')).toBeCloseTo(decade, 3);
    const places = [3, 5, 9, 17].map(nodes => drawn.find(point => point.nodes === nodes)?.x ?? Number.NaN);
    const steps = places.slice(1).map((place, i) => place - places[i]);
    expect(steps[0]).toBeGreaterThan(50);
    for (const step of steps) expect(step).toBeCloseTo(steps[0], 6);
  });

  it('tells errors from bars by their colour, and the lines of either by their dashes', async () => {
    const svg = await renderSvg(barsFigure(MEASURED, STUDY));
    const line = /series: ([^"]*)"[^>]*"line mark"[^>]* stroke="([^"]*)"[^>]*stroke-dasharray="([^"]*)"/g;
    expect([...svg.matchAll(line)].map(([, ...drawn]) => drawn)).toEqual([
      ['Error, median', '#0072b2', '1,0'],
      ['Error, 95th percentile', '#0072b2', '7,3'],
      ['Error, worst', '#0072b2', '2,3'],
      ['Bar, median', '#e69f00', '1,0'],
      ['Bar, worst', '#e69f00', '2,3'],
    ]);
  });

  it.each([
    ['demo-model', MEASURED],
    [
      'a model\u001b whose folder has a name of many words, more than fit a small picture',
      MEASURED.slice(0, 10),
    ],
    ['bert', at(17, [0], [0])],
  ])('names its series and axes, no word cut or over another: %j', async (name, measured) => {
    const { texts, width, height } = drawnBoxes(await renderSvg(barsFigure(measured, { name, prompts: 1 })));
    const words = texts.map(({ what }) => what);
    expect(words).toEqual(
      expect.arrayContaining([...SERIES, 'Nodes', "Share of the prompt's highest score"]),
    );
    expect(words.some(word => word.startsWith(`${printable(name)}, all layers of 1 prompt.`))).toBe(true);
    // Each once: colours and dashes have one legend.
    for (const series of SERIES) expect(words.filter(word => word === series)).toHaveLength(1);
    for (const { what, left, right, top, bottom } of texts) {
      expect(Math.min(left, top), what).toBeGreaterThanOrEqual(0);
      expect(right, what).toBeLessThanOrEqual(width);
      expect(bottom, what).toBeLessThanOrEqual(height);
    }
    const crossing = texts.flatMap((a, i) =>
      texts.slice(i + 1).flatMap(b => (overlap(a, b) ? [[a.what, b.what]] : [])),
    );
    expect(crossing).toEqual([]);
  });

  it('has no point for a bar without end, and says so', async () => {
    const endless = [...MEASURED, ...at(3, [0.1], [Number.POSITIVE_INFINITY])];
    const svg = await renderSvg(barsFigure(endless, STUDY));
    const ofBars = pointsDrawn(svg).filter(({ series }) => series === 'Bar, worst');
    expect(ofBars.map(({ nodes }) => nodes)).toEqual([5, 9, 17]);
    expect(svg).toContain('some have no end');
    expect(await renderSvg(barsFigure(MEASURED, STUDY))).not.toContain('some have no end');
  });

  it('is none where no level was measured', () => {
    expect(() => barsFigure([], STUDY)).toThrow(UserError);
  });
});

describe('its file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kn-bars-figure-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is the picture', async () => {
    const path = join(folder, 'bars.svg');
    await checkFigureFile(path);
    await writeBarsFigure(path, MEASURED, STUDY);
    expect(readFileSync(path, 'utf8')).toBe(await renderSvg(barsFigure(MEASURED, STUDY)));
    expect(readdirSync(folder)).toEqual(['bars.svg']);
  });

  it('is refused before the work where its folder is missing, or a folder has its name', async () => {
    for (const path of [join(folder, 'none', 'bars.svg'), folder]) {
      const refused = checkFigureFile(path);
      await expect(refused).rejects.toThrow(UserError);
      await expect(refused).rejects.toMatchObject({ remedy: 'Name another file with --figure.' });
    }
  });
});
