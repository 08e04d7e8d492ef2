import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { erasureData } from '../experiment/erasure/summary.js';
import { summaryData } from '../experiment/facts/summary.js';
import { type Column, dataTable } from '../experiment/run/shown.js';
import { updateData } from '../experiment/update/summary.js';
import { barChart, barsOf } from '../figures/bar-chart.js';
import { drawFigure } from '../figures/draw-figure.js';
import { compareNeuronSets, comparisonCsv } from '../neurons/compare.js';
import { neuronStatistics, statisticsCsv } from '../neurons/statistics.js';
import { csvText } from './csv.js';

const COLUMNS: Column<{ name: string; share?: number | null }>[] = [
  ['name', ({ name }) => name],
  ['share', ({ share }) => share],
];

describe('a result file in CSV', () => {
  it('has a line a subject, quoted where it must be, and empty fields where there is nothing to say', () => {
    const lines = [{ name: 'Paris, Texas', share: 0.25 }, { name: 'Rome', share: null }, { name: 'Oslo' }];
    expect(csvText(dataTable(COLUMNS, lines))).toBe('name,share\n"Paris, Texas",0.25\nRome,\nOslo,\n');
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1', '=HYPERLINK("http://x";"y"), z'])(
    'begins no text as a formula does: %j',
    text => {
      const lines = [{ name: text, share: -0.25 }];
      const quoted = /[",\r]/.test(text);
      const cell = `'${text.replaceAll('"', '""')}`;
      expect(csvText(dataTable(COLUMNS, lines))).toBe(`name,share\n${quoted ? `"${cell}"` : cell},-0.25\n`);
    },
  );

  it('keeps negative numbers, and text with such signs inside', () => {
    const lines = [
      { name: 'a=b', share: -1e-9 },
      { name: 'Saint-Denis', share: Number.NEGATIVE_INFINITY },
    ];
    expect(csvText(dataTable(COLUMNS, lines))).toBe('name,share\na=b,-1e-9\nSaint-Denis,-Infinity\n');
  });

  it('says so of a figure, of neurons counted and of neurons compared too', async () => {
    const relation = '=cmd|x';
    const neurons = new Map([['u', [[0, 1] as const]]]);
    const bars = barsOf(new Map([[relation, { related: -0.5, unrelated: 0, facts: 1 }]]));
    const figure = new Map(await drawFigure('figure3', barChart(bars, 'x'), bars));
    for (const csv of [
      figure.get('figure3.csv'),
      comparisonCsv(compareNeuronSets(neurons, neurons, () => relation)),
      statisticsCsv(neuronStatistics(neurons, () => relation)),
    ])
      expect(csv).toMatch(/^'=cmd\|x,/m);
  });

  it('is made in one place, which sees to that', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
      name => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    );
    const making = sources.filter(name =>
      /from 'csv-stringify/.test(readFileSync(join('src', name), 'utf8')),
    );
    expect(making).toEqual(['csv.ts']);
  });

  const facts = { selected: 0, done: 0, skipped: [], failed: [] };
  const nothing = {
    'update.csv': csvText(updateData([])),
    'erasure.csv': csvText(erasureData({ model: 'demo', facts, skippedRelations: [], relations: {} })),
    'summary.csv': csvText(
      summaryData({
        ...{ model: 'demo', facts, neuronsPerFact: 0, accuracy: null },
        ...{ suppression: null, enhancement: null },
      }),
    ),
  };
  it.each(Object.entries(nothing))('has its head where nothing was measured: %s', (name, csv) => {
    const first = name === 'update.csv' ? 'uuid,relation,subject,answer,target' : 'relation,';
    expect(csv).toMatch(new RegExp(`^${first}[a-z_,]+\n$`));
  });
});
