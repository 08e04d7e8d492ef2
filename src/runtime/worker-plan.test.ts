import { describe, expect, it } from 'vitest';
import { planWorkers } from './worker-plan.js';

const machine = { cores: 8, memory: 64e9 };
const [demo, base] = [0.5e6, 110e6];

describe('workers', () => {
  it('are one a core on wasm, which has no threads', () => {
    expect(planWorkers('wasm', base, {}, machine)).toEqual({ workers: 8, threads: 1 });
    expect(planWorkers('wasm', base, { threads: 4 }, machine)).toEqual({ workers: 8, threads: 1 });
  });

  it('share their cores as threads on the native engine, but for a small model', () => {
    expect(planWorkers('tensorflow', base, {}, machine)).toEqual({ workers: 2, threads: 4 });
    expect(planWorkers('tensorflow', base, {}, { ...machine, cores: 2 })).toEqual({ workers: 1, threads: 2 });
    expect(planWorkers('tensorflow', demo, {}, machine)).toEqual({ workers: 8, threads: 1 });
  });

  it('are two on a GPU, which they share', () => {
    expect(planWorkers('webgpu', base, {}, machine)).toEqual({ workers: 2, threads: 1 });
    expect(planWorkers('webgpu', base, { workers: 3 }, machine)).toEqual({ workers: 3, threads: 1 });
  });

  it('are no more than 80% of the memory holds, and one at least', () => {
    expect(planWorkers('wasm', base, {}, { cores: 8, memory: 8e9 }).workers).toBe(3); // of 1.78 GB each
    expect(planWorkers('tensorflow', base, { threads: 1 }, { cores: 8, memory: 8e9 }).workers).toBe(4); // of 1.34 GB
    expect(planWorkers('wasm', base, {}, { cores: 8, memory: 1e9 }).workers).toBe(1);
  });

  it('are what the user says', () => {
    expect(planWorkers('tensorflow', base, { workers: 3 }, machine)).toEqual({ workers: 3, threads: 2 });
    expect(planWorkers('tensorflow', base, { threads: 8 }, machine)).toEqual({ workers: 1, threads: 8 });
    expect(planWorkers('tensorflow', base, { workers: 20 }, machine)).toEqual({ workers: 20, threads: 1 });
    expect(planWorkers('tensorflow', base, { workers: 2, threads: 16 }, machine)).toEqual({
      workers: 2,
      threads: 16,
    });
  });
});
