import { describe, expect, it } from 'vitest';
import { erasureData } from '../experiment/erasure/summary.js';
import { summaryData } from '../experiment/facts/summary.js';
import { type Column, dataTable } from '../experiment/run/shown.js';
import { updateData } from '../experiment/update/summary.js';
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
