import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FactResult } from '../experiment/facts/record.js';
import { figureFiles } from '../report/figures.js';
import { barChart, barsOf } from './bar-chart.js';
import { renderSvg } from './render.js';

const PARAREL = (
  'P39 P264 P37 P108 P131 P103 P176 P30 P178 P138 P47 P17 P413 P27 P463 P364 P495 P449 P20 P1376 ' +
  'P1001 P361 P36 P1303 P530 P19 P190 P740 P136 P127 P1412 P407 P140 P279 P276 P159 P106 P101 P937'
).split(' ');

const means = (relations: readonly string[], related = -0.4) =>
  new Map(
    relations.map((relation, i) => [
      relation,
      { related: related - i / 100, unrelated: i / 500, facts: i + 1 },
    ]),
  );

const result = (relation_name: string, change: number): FactResult => {
  const side = (pct_change: number[]) => ({
    pct_change,
    correct_before: [true],
    correct_after: [true],
    n_prompts: 1,
  });
  const effects = { related: side([change]), unrelated: side([change / 10]) };
  return { suppression: effects, n_refined_neurons: 1, n_unrelated_neurons: 1, relation_name };
};

const CHART = { height: 320, fontSize: 10, widestLetter: 0.7 };

/** A figure, and where in it the relations' names stand, which are turned by a quarter and end at the axis. */
async function draw(relations: readonly string[]) {
  const svg = await renderSvg(barChart(barsOf(means(relations)), 'Suppressing knowledge neurons'));
  const [width, height] = (/viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)?.slice(1) ?? []).map(Number);
  const [left, top] = (/translate\(([\d.]+),([\d.]+)\)/.exec(svg)?.slice(1) ?? []).map(Number);
  const turned =
    /<text text-anchor="end" transform="translate\(([\d.]+),([\d.]+)\) rotate\(270\)[^>]*font-size="10px"[^>]*>([^<]+)</g;
  const labels = [...svg.matchAll(turned)].map(([, x, y, text]) => ({
    text,
    middle: left + Number(x),
    bottom: top + CHART.height + Number(y) + text.length * CHART.fontSize * CHART.widestLetter,
  }));
  const texts = [...svg.matchAll(/<text[^>]*>([^<]+)</g)].map(([, text]) => text);
  return { svg, width, height, labels, texts };
}

describe('a figure of 39 relations', () => {
  it('shows every relation, in the given order, none cut and none over another', async () => {
    const { labels, width, height } = await draw(PARAREL);
    expect(labels.map(({ text }) => text)).toEqual(PARAREL);
    labels.forEach(({ middle, bottom }, i) => {
      expect(middle + CHART.fontSize / 2).toBeLessThan(width);
      expect(bottom).toBeLessThan(height);
      if (i > 0) expect(middle - labels[i - 1].middle).toBeGreaterThan(CHART.fontSize);
    });
  });

  it('has a percent axis with its title, a zero line, a legend and a title', async () => {
    const { svg, texts } = await draw(PARAREL);
    for (const text of [
      'Related facts',
      'Unrelated facts',
      'Relation',
      'Change of the correct probability',
      '0%',
      '−10%',
    ]) {
      expect(texts).toContain(text);
    }
    expect(texts).toContain('Suppressing knowledge neurons');
    expect(texts).toContain('Mean over 780 facts of 39 relations');
    expect(svg).toMatch(/class="mark-rule[^>]*>.*stroke="#333"/s);
  });

  it('draws two bars a relation, blue and orange, from zero to their value', async () => {
    const { svg } = await draw(PARAREL);
    expect(svg.match(/fill="#0072b2"/g)?.length).toBeGreaterThanOrEqual(39);
    expect(svg.match(/fill="#e69f00"/g)?.length).toBeGreaterThanOrEqual(39);
  });
});

describe('a figure of two kinds of neurons', () => {
  it('names them in its legend and its data, and says what its bars are', async () => {
    const means = new Map([['P36', { related: -0.5, unrelated: 0.25, baseline: -0.125, facts: 4 }]]);
    const bars = barsOf(means);
    expect(bars.map(({ group, change }) => [group, change])).toEqual([
      ['Knowledge neurons', -0.5],
      ['Baseline neurons', -0.125],
    ]);
    const svg = await renderSvg(barChart(bars, 'Suppressing knowledge neurons'));
    const texts = [...svg.matchAll(/<text[^>]*>([^<]+)</g)].map(([, text]) => text);
    expect(texts).toEqual(expect.arrayContaining(['Knowledge neurons', 'Baseline neurons']));
    expect(texts).toContain('Mean change by mean probability, all prompts of 4 facts of 1 relation');
    expect(texts).not.toContain('Related facts');
  });
});

describe('a figure', () => {
  it('is the same text each time it is drawn', async () => {
    const specification = barChart(barsOf(means(['P36', 'P30'])), 'x');
    expect(await renderSvg(specification)).toBe(await renderSvg(specification));
  });

  it('comes with its specification and its data, and only where there is something to draw', async () => {
    const files = await figureFiles(
      new Map([
        ['a', result('P36', -0.5)],
        ['b', result('P30', -0.25)],
      ]),
    );
    expect([...files.keys()]).toEqual(['figure3.svg', 'figure3.vl.json', 'figure3.csv']);
    expect(files.get('figure3.csv')).toBe(
      'relation,group,change,facts\nP30,Related facts,-0.25,1\nP30,Unrelated facts,-0.025,1\n' +
        'P36,Related facts,-0.5,1\nP36,Unrelated facts,-0.05,1\n',
    );
    expect(await renderSvg(JSON.parse(files.get('figure3.vl.json') ?? ''))).toBe(files.get('figure3.svg'));
    expect((await figureFiles(new Map())).size).toBe(0);
  });

  it('keeps labels apart where changes are tiny', async () => {
    const svg = await renderSvg(
      barChart([{ relation: 'P36', group: 'Related facts', change: -0.004, facts: 1 }], 'x'),
    );
    const ticks = [...svg.matchAll(/>(−?[\d.]+%)</g)].map(([, text]) => text);
    expect(new Set(ticks).size).toBe(ticks.length);
    expect(ticks).toContain('−0.1%');
  });
});

describe('the colours', () => {
  it('differ in lightness too, so that any eye and a grey print tell them apart', () => {
    const source = readFileSync(new URL('./bar-chart.ts', import.meta.url), 'utf8');
    const [a, b] = /COLOURS = \['(#\w+)', '(#\w+)'\]/.exec(source)?.slice(1) ?? [];
    const luminance = (colour: string) =>
      [1, 3, 5]
        .map(i => Number.parseInt(colour.slice(i, i + 2), 16) / 255)
        .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    // WCAG's contrast for graphics that must be told apart is 3 against white; between the two, 2 is ample.
    expect((light + 0.05) / (dark + 0.05)).toBeGreaterThan(2);
  });
});
