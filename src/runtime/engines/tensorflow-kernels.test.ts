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
    ['KnAddBiasNorm', { x: whole, bias: wrong, residual: whole, gamma: row, beta: row }, 1],
    ['KnAddBiasNorm', { x: whole, bias: row, residual: wrong, gamma: row, beta: row }, 2],
    ['KnAddBiasNorm', { x: whole, bias: row, residual: whole, gamma: wrong, beta: row }, 3],
    ['KnNorm', { x: whole, gamma: row, beta: wrong }, 2],
    ['KnAddWithBias', { x: whole, bias: row, residual: wrong }, 2],
    ['KnAnswer', { scores: whole, answers: wrong }, 1],
    ['KnCachedAttention', { inputs: [2, 12], keys: [2, 2, 3, 2], values: wrong }, 2],
    [
      'KnCachedAttentionGrad',
      { dContext: whole, inputs: [2, 12], weights: wrong, keys: [2, 2, 3, 2], values: [2, 2, 3, 2] },
      2,
    ],
    ['KnNormGrad', { dy: whole, unit: whole, inverse: wrong, gamma: row }, 2],
  ])('%s refuses an input of a wrong size, whatever comes after it', (kernel, shapes, index) => {
    expect(hasFused(kernel)).toBe(true);
    const inputs = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [
        name,
        tf.ones(shape, name === 'answers' ? 'int32' : 'float32'),
      ]),
    );
    expect(() => runFused(kernel, inputs, { epsilon: 1e-12, scale: 1 })).toThrow(
      `input ${index} has another size`,
    );
  });

  it('KnAnswer refuses a token that the vocabulary has not', () => {
    const scores = tf.ones(whole);
    for (const token of [-1, 4])
      expect(() => runFused('KnAnswer', { scores, answers: tf.tensor1d([0, token], 'int32') })).toThrow(
        `no token ${token}`,
      );
  });

  it.each([
    [
      'samples that the rows cannot be shared out to',
      { queries: 6, tokens: 6, width: 8, samples: 4, heads: 2 },
    ],
    ['queries of fewer samples', { queries: 5, tokens: 6, width: 8, samples: 2, heads: 2 }],
    ['heads that the width cannot be', { queries: 6, tokens: 6, width: 8, samples: 2, heads: 3 }],
    ['no samples', { queries: 6, tokens: 6, width: 8, samples: 0, heads: 2 }],
    ['no heads', { queries: 6, tokens: 6, width: 8, samples: 2, heads: 0 }],
  ])('KnAttention and its gradient refuse %s', (_, { queries, tokens, width, samples, heads }) => {
    const [query, keyValue] = [tf.ones([queries, width]), tf.ones([tokens, 2 * width])];
    const attributes = { samples, heads, scale: 1 };
    const ofGradient = { dContext: query, query, keyValue, weights: tf.ones([1]) };
    expect(() => runFused('KnAttention', { query, keyValue }, attributes)).toThrow('do not fit');
    expect(() => runFused('KnAttentionGrad', ofGradient, attributes)).toThrow('do not fit');
  });

  it('KnAttention refuses keys without their values, its gradient weights of another size', () => {
    const query = tf.ones([6, 8]);
    const attributes = { samples: 2, heads: 2, scale: 1 };
    expect(() => runFused('KnAttention', { query, keyValue: query }, attributes)).toThrow('do not fit');
    const keyValue = tf.ones([6, 16]);
    const [, weights] = runFused('KnAttention', { query, keyValue }, attributes);
    const ofGradient = { dContext: query, query, keyValue };
    expect(runFused('KnAttentionGrad', { ...ofGradient, weights }, attributes)).toHaveLength(2);
    expect(() => runFused('KnAttentionGrad', { ...ofGradient, weights: query }, attributes)).toThrow(
      'input 3 has another size',
    );
  });

  it('KnCachedAttention refuses keys of other heads, and rows that the prompts cannot share', () => {
    const run = (rows: number, prompts: number, size: number) => {
      const cache = tf.ones([prompts, 2, 3, size]);
      return runFused(
        'KnCachedAttention',
        { inputs: tf.ones([rows, 12]), keys: cache, values: cache },
        { scale: 1 },
      );
    };
    expect(run(4, 2, 2)).toHaveLength(2);
    expect(() => run(4, 2, 3)).toThrow('inputs and keys do not fit');
    expect(() => run(4, 3, 2)).toThrow('inputs and keys do not fit');
  });
});
