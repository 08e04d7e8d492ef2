import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasFused, runFused } from '../../model/layers/fused.js';
import { startEngine } from '../engine.js';
import { isTensorflowThere } from './installed-tensorflow.js';

const isThere = await isTensorflowThere();
const unless = isThere ? '' : ' (skipped: kn setup tensorflow was not run here)';

describe.skipIf(!isThere)(`the kernels of native/kernels.cc${unless}`, () => {
  beforeAll(async () => {
    await startEngine('tensorflow');
  });

  const [whole, row, wrong] = [[2, 4], [4], [3]];

  it.each([
    ['KnGelu', { x: whole, bias: wrong }, 1],
    ['KnGeluNew', { x: whole, bias: wrong }, 1],
    ['KnAddNorm', { x: whole, residual: wrong, gamma: row, beta: row }, 1],
    ['KnAddNorm', { x: whole, residual: whole, gamma: wrong, beta: row }, 2],
    ['KnNormGrad', { dy: whole, unit: whole, inverse: wrong, gamma: row }, 2],
  ])('%s refuses an input of a wrong size, whatever comes after it', (kernel, shapes, index) => {
    expect(hasFused(kernel)).toBe(true);
    const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, tf.ones(shape)]));
    expect(() => runFused(kernel, inputs, { epsilon: 1e-12 })).toThrow(`input ${index} has another size`);
  });
});
