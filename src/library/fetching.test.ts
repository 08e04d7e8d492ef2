import { describe, expect, it } from 'vitest';
import { type ProgressEvent, progressTo } from '../progress.js';
import { fetchProgress } from './fetching.js';

describe("a model's download", () => {
  it.each([
    [385, 770, { done: 0.4, total: 0.8, text: 'kB' }],
    [500_000, 999_000, { done: 500, total: 999, text: 'kB' }],
    [1_234_567, 440_449_768, { done: 1.2, total: 440.4, text: 'MB' }],
  ])('shows %i of %i bytes in a unit that says something', (received, total, shown) => {
    const events: ProgressEvent[] = [];
    fetchProgress(progressTo(event => events.push(event))).progress('config.json', received, total);
    expect(events).toEqual([{ type: 'progress', task: 'fetching config.json', ...shown }]);
  });
});
