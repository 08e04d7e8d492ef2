import { describe, expect, it } from 'vitest';
import { countOperations } from '../../attribution/count-operations.js';
import type { RatedDevice } from '../../runtime/stated-rates.js';
import { estimateText, roughDuration } from './estimate.js';

/** All of PARAREL's prompts, of 14 tokens, at bert-base's shape. */
const BERT_BASE = { layers: 12, hiddenSize: 768, intermediateSize: 3072, vocabularySize: 30_522 };
const QUERIES = 224_674;
const { total } = countOperations(BERT_BASE, 14, 'riemann_endpoints', 20);
const pararel = [
  { name: 'finding neurons', facts: 27_610, queries: QUERIES, passes: 1, operations: QUERIES * total },
  { name: 'updating', facts: 390, queries: null, passes: null, operations: null },
];

const device = (more: Partial<RatedDevice>): RatedDevice => ({
  ...{ kind: 'cpu', engine: 'wasm', workers: 2, threads: 1 },
  ...more,
});

describe('the estimate of a long run', () => {
  it.each([
    // As docs/performance.md measured them.
    [device({}), '18 days', '64 GFLOPS that 2 wasm workers of 1 thread'],
    [device({ engine: 'tensorflow', workers: 1, threads: 2 }), '4 days', '1 tensorflow worker of 2 threads'],
  ])('says how long, by which rate, and how to do less: %#', (on, duration, rate) => {
    const [first, second] = estimateText(pararel, [on]);
    expect(first).toContain(`about ${duration} from the beginning (224,674 queries, 100,000 TFLOP`);
    expect(first).toContain(rate);
    expect(second).toMatch(/--dry-run .* --relations .* --limit .* --prompt/);
    expect(second.includes('kn setup tensorflow')).toBe(on.engine === 'wasm');
  });

  it('names no duration where no rate was measured: on a GPU', () => {
    const gpu = device({ kind: 'cuda', engine: 'tensorflow' });
    for (const devices of [[gpu], [gpu, device({})]]) {
      const [first] = estimateText(pararel, devices);
      expect(first).toContain('224,674 queries');
      expect(first).not.toMatch(/about|days|hours/);
    }
  });

  it('is of no interest where the work takes less than an hour, or nothing is known of it', () => {
    const [finding, updating] = pararel;
    const short = { ...finding, operations: 64e9 * 3599 };
    expect(estimateText([short], [device({})])).toEqual([]);
    expect(estimateText([{ ...short, operations: 64e9 * 3601 }], [device({})])[0]).toContain('about 1 hour');
    expect(estimateText([updating], [device({})])).toEqual([]);
  });

  it.each([
    [3600, '1 hour'],
    [47 * 3600, '47 hours'],
    [3 * 86_400, '3 days'],
    [36 * 86_400, '5 weeks'],
  ])('%d s are about %s', (seconds, text) => {
    expect(roughDuration(seconds)).toBe(text);
  });
});
