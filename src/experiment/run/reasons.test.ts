import { describe, expect, it } from 'vitest';
import { updateText } from '../update/shown.js';
import type { UpdateSummary } from '../update/summary.js';
import { skippedAndFailed } from './reasons.js';

const skippedFor = (...reasons: string[]) =>
  reasons.map((reason, i) => ({
    ...{ uuid: `fact ${i}`, relation: 'P36', subject: 'France', object: 'Paris' },
    reason,
  }));

const [LONG, ALONE, WRONG] = [
  'its prompt is long',
  'no other fact of its relation in this run has another answer',
  'it is answered wrong',
];

describe('what a run says of the facts that it skipped', () => {
  it('is nothing where there are none', () => {
    expect(skippedAndFailed({ selected: 9, skipped: [], failed: [] }, 'summary.json')).toEqual([]);
  });

  it('is how many for each reason, the most frequent first', () => {
    const skipped = skippedFor(LONG, ALONE, WRONG, ALONE, WRONG, ALONE);
    expect(skippedAndFailed({ selected: 9, skipped, failed: [] }, 'update.json')).toEqual([
      'Skipped, and why (each in update.json):',
      `  3: ${ALONE}`,
      `  2: ${WRONG}`,
      `  1: ${LONG}`,
    ]);
  });

  it('is short where nearly each has a reason of its own', () => {
    const skipped = skippedFor(LONG, LONG, 'one', 'two', 'three', 'four');
    const lines = skippedAndFailed({ selected: 9, skipped, failed: [] }, 'summary.json');
    expect(lines.slice(1)).toEqual([`  2: ${LONG}`, '  1: one', '  1: two', '  2: for 2 other reasons']);
  });
});

describe('what kn evaluate update prints', () => {
  it('has no average over no fact', () => {
    const summary: UpdateSummary = {
      model: 'demo',
      facts: { selected: 2, updated: 0, skipped: skippedFor(ALONE, ALONE), failed: [] },
      ...{ neuronsPerFact: 0, overFacts: null, relations: {} },
    };
    expect(updateText(summary)).toEqual([
      'demo: 0 facts updated, 2 skipped, 0 failed',
      'Skipped, and why (each in update.json):',
      `  2: ${ALONE}`,
    ]);
  });

  it('speaks of one fact as of one', () => {
    const summary: UpdateSummary = {
      model: 'demo',
      facts: { selected: 1, updated: 1, skipped: [], failed: [] },
      ...{ neuronsPerFact: 2, overFacts: null, relations: {} },
    };
    expect(updateText(summary)[0]).toBe('demo: 1 fact updated, 0 skipped, 0 failed');
  });
});
