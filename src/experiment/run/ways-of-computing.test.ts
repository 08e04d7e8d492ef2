import { describe, expect, it } from 'vitest';
import type { RecordedPlan } from './settings.js';
import { waysOfComputing, waysText } from './ways-of-computing.js';

const plan: RecordedPlan = {
  ...{ device: 'cpu', name: 'Epyc', engine: 'wasm', version: 'tfjs-backend-wasm 4.22.0' },
  ...{ workers: 2, threads: 1, batch_bytes: 210e6, memory_was_full: false },
};

describe('the ways in which a run was computed', () => {
  it('are one, whatever workers and threads its sessions had', () => {
    expect(waysOfComputing([plan, { ...plan, workers: 8, threads: 2 }])).toEqual([
      { device: 'Epyc', engine: 'wasm', version: 'tfjs-backend-wasm 4.22.0', batchBytes: 210e6 },
    ]);
  });

  it.each<[string, Partial<RecordedPlan>]>([
    ['another processor', { name: 'Xeon' }],
    ['another engine', { engine: 'tensorflow', version: 'tensorflow 2.21.0' }],
    ['another version', { version: 'tfjs-backend-wasm 4.23.0' }],
    ['smaller batches', { batch_bytes: 105e6, memory_was_full: true }],
  ])('are two with %s, and a line says each', (_, other) => {
    const ways = waysOfComputing([plan, { ...plan, ...other }]);
    expect(ways).toHaveLength(2);
    expect(waysText(ways, 'summary.json')).toHaveLength(3);
  });

  it('are read at a glance', () => {
    const ways = waysOfComputing([plan, { ...plan, batch_bytes: 105e6, memory_was_full: true }]);
    expect(waysText(ways, 'summary.json').join('\n')).toMatchInlineSnapshot(`
      "Computed in 2 ways, each of which rounds float32 otherwise: another run's last digits may differ (computedOn in summary.json)
        wasm engine (tfjs-backend-wasm 4.22.0) on Epyc, batches of 210 MB
        wasm engine (tfjs-backend-wasm 4.22.0) on Epyc, batches of 105 MB"
    `);
  });
});
