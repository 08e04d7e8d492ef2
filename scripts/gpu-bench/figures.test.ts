/** The arithmetic of the GPU benchmark, by hand. */
import { expect, it } from 'vitest';
import { countOperations } from '../../src/attribution/count-operations.js';
import { bert } from '../../src/model/encoder/bert.js';
import { accuracyOf } from '../../src/setup/accuracy.js';
import { productShapes } from './probes.js';
import { RULE, SHAPES, STEPS, TOKENS, workOf } from './shapes.js';
import { describeRows } from './table.js';
import { rowOf } from './worker.js';

const work = { prompts: 8, path: 'exact' } as const;

it('a row adds up its workers, each over its own time', () => {
  const timed = [
    { batches: 3, seconds: 2, cpuSeconds: 1 },
    { batches: 5, seconds: 4, cpuSeconds: 3 },
  ];
  const row = rowOf(work, { operations: 3.2e12, dispatches: 1600, buffers: 4, peakBytes: 5e9 }, timed, 20);
  expect(row).toEqual({
    state: 'measured',
    workers: 2,
    batch: 8,
    path: 'exact',
    operationsPerPrompt: 4e11,
    promptsPerSecond: 22, // 24 / 2 + 40 / 4
    secondsPerPrompt: 1 / 22,
    teraflops: 8.8,
    share: 8.8 / 20,
    hoursForPararel: 224_674 / 22 / 3600,
    dispatchesPerPrompt: 200,
    buffersPerPrompt: 0.5,
    peakGpuBytes: 5e9,
    busyCores: 1.25,
    timedBatches: 8,
  });
});

it('a row of the table is a line', () => {
  const timed = [{ batches: 3, seconds: 2, cpuSeconds: 1 }];
  const demand = { operations: 3.2e12, dispatches: 1600, buffers: 4, peakBytes: 5e9 };
  const row = rowOf(work, demand, timed, 20);
  const slower = rowOf(work, demand, [{ ...timed[0], seconds: 4 }], 20);
  const lines = describeRows({ shape: 'tiny', rows: [slower, row] }).split('\n');
  expect(lines.filter(line => /^ +1 +8 +exact +400 +/.test(line))).toHaveLength(2);
  // 224,674 prompts, 12 a second.
  expect(lines.at(-1)).toBe(
    'All of PARAREL by the exact path: 5.2 h at the best, 1 worker, batch of 8, 4.8 TFLOPS.',
  );
});

it.each([
  ['the same numbers', [3, -4, 0], true, 0, 0],
  ['rounding', [3, -4.0002, 0], true, 4e-5, 5e-5],
  ['one wrong number', [3, -4, 1e-3], false, 2e-4, 2.5e-4],
])('the error of %s, against [3, -4, 0]', (_, scores, passed, relative, largest) => {
  const found = accuracyOf([[1], scores], [[1], [3, -4, 0]]);
  expect(found.passed).toBe(passed);
  expect(found.relativeError).toBeCloseTo(relative, 12);
  expect(found.largestError).toBeCloseTo(largest, 12);
});

it.each([[[3, -4, null]], [[3, -4]]])('scores %j, with one that is no number, do not pass', scores => {
  expect(accuracyOf([[1], scores], [[1], [3, -4, 0]])).toMatchObject({ passed: false, relativeError: null });
});

it("bert-base's shape is that of npm run bench: 446.6 GFLOP a prompt", () => {
  const measures = bert.parseConfig(SHAPES['bert-base'], 'bert-base');
  expect(countOperations(measures, TOKENS, RULE, STEPS).total / 1e9).toBeCloseTo(446.6, 1);
});

it('prompts have tokens that the vocabulary has, and differ', () => {
  const { batch, answers } = workOf(64, SHAPES.tiny.vocab_size);
  expect(new Set(batch.tokens.map(tokens => tokens.join())).size).toBe(64);
  for (const token of [...batch.tokens.flat(), ...answers]) expect(token).toBeLessThan(200);
  expect(Math.max(...batch.positions)).toBe(TOKENS - 1);
});

it('products are measured from little work to much, those of the smallest and the largest batch among them', () => {
  const shapes = productShapes([1, 2, 64], 280, { hiddenSize: 768, intermediateSize: 3072 });
  expect(shapes).toContainEqual([280, 768, 768]);
  expect(shapes).toContainEqual([17_920, 3072, 768]);
  expect(shapes).not.toContainEqual([560, 768, 768]);
  const work = shapes.map(([rows, inner, columns]) => rows * inner * columns);
  expect(work).toEqual([...work].sort((a, b) => a - b));
});
