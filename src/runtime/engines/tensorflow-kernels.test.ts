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
    ['KnMixedCachedAttention', { inputs: [2, 12], keys: [2, 2, 3, 2], values: wrong, seen: [2] }, 2],
    ['KnMixedCachedAttention', { inputs: [2, 12], keys: [2, 2, 3, 2], values: [2, 2, 3, 2], seen: [3] }, 3],
    [
      'KnMixedCachedAttentionGrad',
      {
        dContext: whole,
        inputs: [2, 12],
        weights: wrong,
        keys: [2, 2, 3, 2],
        values: [2, 2, 3, 2],
        seen: [2],
      },
      2,
    ],
    ['KnSiluGate', { x: whole, bias: wrong }, 1],
    ['KnGeluNewGate', { x: whole, bias: wrong }, 1],
    ['KnGateGrad', { dz: whole, alongGate: whole, alongUp: wrong }, 2],
    ['KnRmsNorm', { x: whole, gamma: wrong }, 1],
    ['KnRmsNormGrad', { dy: whole, unit: whole, inverse: wrong, gamma: row }, 2],
    ['KnArrangeHeads', { inputs: [2, 8], cos: [1, 1], sin: wrong }, 2],
    ['KnArrangeHeadsGrad', { dOutputs: [2, 12], cos: [1, 1], sin: wrong }, 2],
    ['KnNormGrad', { dy: whole, unit: whole, inverse: wrong, gamma: row }, 2],
  ])('%s refuses an input of a wrong size, whatever comes after it', (kernel, shapes, index) => {
    expect(hasFused(kernel)).toBe(true);
    const inputs = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [
        name,
        tf.ones(shape, ['answers', 'seen'].includes(name) ? 'int32' : 'float32'),
      ]),
    );
    expect(() => runFused(kernel, inputs, { epsilon: 1e-12, scale: 1, heads: 2, sharing: 2 })).toThrow(
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
      'lengths that are not all rows',
      { asking: 6, rows: 6, width: 8, lengths: [3, 2], heads: 2 },
      'do not fit',
    ],
    ['queries of some rows', { asking: 5, rows: 6, width: 8, lengths: [3, 3], heads: 2 }, 'do not fit'],
    [
      'heads that the width cannot be',
      { asking: 6, rows: 6, width: 8, lengths: [3, 3], heads: 3 },
      'do not fit',
    ],
    ['no samples', { asking: 6, rows: 6, width: 8, lengths: [], heads: 2 }, 'do not fit'],
    ['no heads', { asking: 6, rows: 6, width: 8, lengths: [3, 3], heads: 0 }, 'do not fit'],
    [
      'a sample of no tokens',
      { asking: 6, rows: 6, width: 8, lengths: [6, 0], heads: 2 },
      'a sample of no tokens',
    ],
    ['a sample of less', { asking: 6, rows: 6, width: 8, lengths: [7, -1], heads: 2 }, 'or of too many'],
  ])(
    'KnMixedAttention and its gradient refuse %s',
    (_, { asking, rows, width, lengths: counts, heads }, why) => {
      const [query, keyValue] = [tf.ones([asking, width]), tf.ones([rows, 2 * width])];
      const lengths = tf.tensor1d(counts, 'int32');
      const attributes = { heads, scale: 1 };
      const ofGradient = { dContext: query, query, keyValue, lengths, weights: tf.ones([1]) };
      expect(() => runFused('KnMixedAttention', { query, keyValue, lengths }, attributes)).toThrow(why);
      expect(() => runFused('KnMixedAttentionGrad', ofGradient, attributes)).toThrow(why);
    },
  );

  it('KnMixedAttention refuses keys without their values, its gradient weights of another size', () => {
    const query = tf.ones([6, 8]);
    const lengths = tf.tensor1d([2, 4], 'int32');
    const attributes = { heads: 2, scale: 1 };
    const without = { query, keyValue: query, lengths };
    expect(() => runFused('KnMixedAttention', without, attributes)).toThrow('do not fit');
    const keyValue = tf.ones([6, 16]);
    const [, weights] = runFused('KnMixedAttention', { query, keyValue, lengths }, attributes);
    expect(weights.size).toBe(2 * (2 * 2 + 4 * 4));
    const ofGradient = { dContext: query, query, keyValue, lengths };
    expect(runFused('KnMixedAttentionGrad', { ...ofGradient, weights }, attributes)).toHaveLength(2);
    expect(() => runFused('KnMixedAttentionGrad', { ...ofGradient, weights: query }, attributes)).toThrow(
      'input 4 has another size',
    );
  });

  it('KnMixedCachedAttention refuses keys of other heads, rows that the prompts cannot share, and more than there are', () => {
    const run = (rows: number, prompts: number, size: number, most = 3) => {
      const cache = tf.ones([prompts, 2, 3, size]);
      const seen = tf.tensor1d(
        Array.from({ length: prompts }, () => most),
        'int32',
      );
      return runFused(
        'KnMixedCachedAttention',
        { inputs: tf.ones([rows, 12]), keys: cache, values: cache, seen },
        { scale: 1 },
      );
    };
    for (const most of [-1, 4]) expect(() => run(4, 2, 2, most)).toThrow('a prompt sees more tokens');
    expect(run(4, 2, 2)).toHaveLength(2);
    expect(() => run(4, 2, 3)).toThrow('inputs and keys do not fit');
    expect(() => run(4, 3, 2)).toThrow('inputs and keys do not fit');
  });
});
