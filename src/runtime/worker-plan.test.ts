import { describe, expect, it } from 'vitest';
import {
  checkEngineHolds,
  leastMemory,
  memoryOfWorker,
  memoryWarning,
  neededMemoryText,
  planWorkers,
} from './worker-plan.js';

const cpu = { kind: 'cpu', memory: 64e9 } as const;
const machine = { cores: 8, memory: 64e9 };
const [demo, base] = [0.5e6, 110e6];

describe('workers', () => {
  it('are one a core on wasm, which has no threads', () => {
    expect(planWorkers(cpu, 'wasm', base, {}, machine)).toMatchObject({ workers: 8, threads: 1 });
    expect(planWorkers(cpu, 'wasm', base, { threads: 4 }, machine)).toMatchObject({ workers: 8, threads: 1 });
  });

  it('share their cores as threads on the native engine, but for a small model', () => {
    expect(planWorkers(cpu, 'tensorflow', base, {}, machine)).toMatchObject({ workers: 2, threads: 4 });
    expect(planWorkers(cpu, 'tensorflow', base, {}, { ...machine, cores: 2 })).toMatchObject({
      workers: 1,
      threads: 2,
    });
    expect(planWorkers(cpu, 'tensorflow', demo, {}, machine)).toMatchObject({ workers: 8, threads: 1 });
  });

  it('are two on a GPU through WebGPU, which they share, and one through CUDA', () => {
    const webgpu = { kind: 'webgpu', memory: null } as const;
    expect(planWorkers(webgpu, 'webgpu', base, {}, machine)).toMatchObject({ workers: 2, threads: 1 });
    expect(planWorkers(webgpu, 'webgpu', base, { workers: 3 }, machine).workers).toBe(3);
    expect(planWorkers({ kind: 'cuda', memory: 80e9 }, 'tensorflow', base, {}, machine).workers).toBe(1);
  });

  it('are no more than 80% of the memory holds, and one at least', () => {
    expect(planWorkers(cpu, 'wasm', base, {}, { cores: 8, memory: 8e9 }).workers).toBe(3); // of 1.78 GB each
    expect(planWorkers(cpu, 'tensorflow', base, { threads: 1 }, { cores: 8, memory: 8e9 }).workers).toBe(4); // of 1.34 GB
    for (const memory of [1.3e9, 0.1e9])
      expect(planWorkers(cpu, 'wasm', base, {}, { cores: 8, memory }).workers).toBe(1);
  });

  it('of a large model take their weights and, while they are read, the largest tensor', () => {
    // Of Llama-3.2-1B's shape, measured: 6.46 GB.
    const { workers } = planWorkers(cpu, 'tensorflow', 1.236e9, { threads: 1 }, { cores: 8, memory: 24e9 });
    expect(workers).toBe(2);
    expect(memoryOfWorker('cpu', 'tensorflow', 1.236e9) / 1e9).toBeCloseTo(6.5, 1);
  });

  it('are refused on wasm where the weights alone are more than it addresses', () => {
    expect(() => checkEngineHolds('wasm', 1.236e9)).toThrow(
      "the model's weights take 4.9 GB as float32, and the wasm engine holds 4.3 GB at the most",
    );
    expect(() => checkEngineHolds('wasm', 1e9)).not.toThrow();
    expect(() => checkEngineHolds('tensorflow', 70e9)).not.toThrow();
  });

  it('are what the user says', () => {
    expect(planWorkers(cpu, 'tensorflow', base, { workers: 3 }, machine)).toMatchObject({
      workers: 3,
      threads: 2,
    });
    expect(planWorkers(cpu, 'tensorflow', base, { threads: 8 }, machine)).toMatchObject({
      workers: 1,
      threads: 8,
    });
    expect(planWorkers(cpu, 'tensorflow', base, { workers: 20 }, machine)).toMatchObject({
      workers: 20,
      threads: 1,
    });
    expect(planWorkers(cpu, 'tensorflow', base, { workers: 2, threads: 16 }, machine)).toMatchObject({
      workers: 2,
      threads: 16,
    });
  });
});

describe('the least memory of a run', () => {
  const container = { cores: 2, memory: 1e9, whole: { cores: 64, memory: 128e9 } };

  it('is its weights, on wasm twice, and two processes', () => {
    expect(leastMemory('wasm', base)).toBeCloseTo(1.08e9, -6);
    expect(leastMemory('tensorflow', base)).toBeCloseTo(0.64e9, -6);
  });

  it('is said beside what there is', () => {
    expect(neededMemoryText('cpu', 'wasm', base, container)).toBe(
      'the model needs about 1.1 GB on the wasm engine, and this container may use 1.0 GB of memory',
    );
    expect(neededMemoryText('cuda', 'tensorflow', base, container)).toBe(
      'this container may use 1.0 GB of memory',
    );
  });

  it('is warned of where there is less, before anything is computed', () => {
    const onCpu = { device: 'cpu', kind: 'cpu', engine: 'wasm' } as const;
    expect(memoryWarning(onCpu, base, container)).toEqual([
      `cpu: memory may not suffice: ${neededMemoryText('cpu', 'wasm', base, container)}`,
    ]);
    expect(memoryWarning(onCpu, base, { ...container, memory: 1.3e9 })).toEqual([]);
    expect(memoryWarning(onCpu, demo, { ...container, memory: 0.256e9 })).toEqual([]);
    const onGpu = { device: 'cuda:0', kind: 'cuda', engine: 'tensorflow' } as const;
    expect(memoryWarning(onGpu, base, container)).toEqual([]);
  });
});

describe('a batch', () => {
  it('takes what suits the engine on the processor', () => {
    expect(planWorkers(cpu, 'wasm', base, {}, machine).batchBytes).toBe(210e6);
    expect(planWorkers(cpu, 'tensorflow', base, {}, machine).batchBytes).toBe(420e6);
  });

  it("takes 0.4 of a worker's part of a GPU's memory, less the weights, and 8 GB at the most", () => {
    const on = (memory: number | null, workers: number) =>
      planWorkers({ kind: 'cuda', memory }, 'tensorflow', base, { workers }, machine).batchBytes;
    expect(on(16e9, 1)).toBeCloseTo(0.4 * (0.8 * 16e9 - 0.44e9), 0); // 4.9 GB
    expect(on(16e9, 2)).toBeCloseTo(0.4 * (0.4 * 16e9 - 0.44e9), 0);
    expect(on(80e9, 1)).toBe(8e9);
    expect(on(null, 2)).toBeCloseTo(0.4 * (0.4 * 4e9 - 0.44e9), 0); // of an unknown GPU
    expect(on(1e9, 4)).toBe(210e6); // no less than wasm's
  });

  it('takes what the user says', () => {
    expect(planWorkers(cpu, 'wasm', base, { batchMemory: 50 }, machine).batchBytes).toBe(50e6);
    expect(
      planWorkers({ kind: 'cuda', memory: 80e9 }, 'tensorflow', base, { batchMemory: 500 }, machine)
        .batchBytes,
    ).toBe(500e6);
  });
});
