import { describe, expect, it } from 'vitest';
import { knownToFit } from './known-batches.js';
import type { RecordedPlan } from './settings.js';

const now: RecordedPlan = {
  ...{ device: 'cpu', name: 'Epyc', engine: 'wasm', version: '4.22.0', threads: 1 },
  ...{ workers: 2, batch_bytes: 210e6, memory_was_full: false },
};
const lowered: RecordedPlan = { ...now, batch_bytes: 105e6, memory_was_full: true };

describe('the batch that an earlier session found to fit', () => {
  it('is the smallest, and that of fewer workers too', () => {
    expect(knownToFit(now, [now, lowered, { ...lowered, workers: 1, batch_bytes: 52e6 }])).toBe(52e6);
  });

  it.each<[string, Partial<RecordedPlan>]>([
    ['no memory is known to have been full', { memory_was_full: false }],
    ['there were more workers', { workers: 3 }],
    ['it was another engine', { engine: 'tensorflow' }],
    ['it was another processor', { name: 'Xeon' }],
    ['it was another device', { device: 'webgpu:0' }],
  ])('is none where %s', (_, other) => {
    expect(knownToFit(now, [{ ...lowered, ...other }])).toBe(Number.POSITIVE_INFINITY);
  });
});
