/** Erasures of relations, on hand-computed cases. */
import { describe, expect, it } from 'vitest';
import { csvText } from '../../report/csv.js';
import type { ErasureRecord } from './record.js';
import { type ErasureSummary, erasureData, erasureEffect } from './summary.js';
import { mostFrequent } from './work.js';

const set = (perplexity: number, accuracy: number) => ({
  log_perplexity: Math.log(perplexity),
  accuracy,
  prompts: 7,
});

const RECORD: ErasureRecord = {
  neurons: [
    [0, 1],
    [1, 2],
  ],
  before: { own: set(4, 1), others: set(10, 0.5) },
  after: { own: set(10, 0.25), others: set(11, 0.5) },
};

describe("a relation's neurons", () => {
  it('are those that the most facts have, the first in the model where as many have them', () => {
    const lists: [number, number][][] = [
      [
        [1, 9],
        [1, 3],
        [0, 4],
      ],
      [
        [1, 9],
        [0, 4],
        [1, 2],
      ],
      [[1, 9]],
    ];
    expect(mostFrequent(lists, 3)).toEqual([
      [1, 9],
      [0, 4],
      [1, 2],
    ]);
    expect(mostFrequent(lists, 100)).toHaveLength(4);
    expect(mostFrequent([[], []], 20)).toEqual([]);
  });
});

describe('an erasure in numbers', () => {
  it('is the change of both perplexities, as differences and as shares', () => {
    const { own, others } = erasureEffect(RECORD);
    expect(own.increase).toBeCloseTo(6, 10);
    expect(own.relativeIncrease).toBeCloseTo(1.5, 10);
    expect(own.accuracy).toEqual({ before: 1, after: 0.25 });
    expect(others?.relativeIncrease).toBeCloseTo(0.1, 10);
  });

  it('has a line a relation as CSV, empty where there is no other relation', () => {
    const alone = { before: { ...RECORD.before, others: null }, after: { ...RECORD.after, others: null } };
    const summary: ErasureSummary = {
      model: 'demo',
      facts: { selected: 1, skipped: [], failed: [] },
      skippedRelations: [],
      relations: { P36: erasureEffect(RECORD), P30: erasureEffect({ ...RECORD, ...alone }) },
    };
    const [head, first, second] = csvText(erasureData(summary))
      .trim()
      .split('\n')
      .map(line => line.split(','));
    const at = (line: string[], name: string) => line[head.indexOf(name)];
    expect([at(first, 'relation'), at(first, 'neurons'), at(first, 'own_prompts')]).toEqual([
      'P36',
      '2',
      '7',
    ]);
    expect(Number(at(first, 'own_perplexity_increase'))).toBeCloseTo(1.5, 10);
    expect(Number(at(first, 'others_perplexity_after'))).toBeCloseTo(11, 10);
    expect(at(second, 'others_perplexity_after')).toBe('');
  });
});
