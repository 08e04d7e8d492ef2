import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import {
  gatherSamples,
  groupsByLength,
  joinGroups,
  joinSamples,
  type Lengths,
  tokenByToken,
} from './token-rows.js';

/** A matrix in which each row says whose it is: 10 * sample + token, for samples that are counted from `from`. */
const matrix = (lengths: Lengths, from = 0) =>
  tf.tensor2d(
    tokenByToken(lengths, (sample, token) => [10 * (from + sample) + token, 1]),
    [lengths.reduce((a, b) => a + b), 2],
  );
const isMatrix = (x: tf.Tensor): x is tf.Tensor2D => x.rank === 2;
const firstColumn = (x: tf.Tensor2D) => x.arraySync().map(([value]) => value);

describe.each(await enginesHere())('rows of tokens, on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  it('lie token by token, each of the samples that have so many', () => {
    expect(firstColumn(matrix([3, 1, 2]))).toEqual([0, 10, 20, 1, 21, 2]);
    expect(firstColumn(matrix([2, 2]))).toEqual([0, 10, 1, 11]);
  });

  it.each([
    ['of one length', [2, 2, 2], [2, 0, 0], [20, 0, 0, 21, 1, 1]],
    ['of several', [3, 1, 2], [2, 1, 2, 0], [20, 10, 20, 0, 21, 21, 1, 2]],
    ['of which some have none', [2, 0, 1], [1, 2, 0], [20, 0, 1]],
  ])('are gathered by samples %s', (_, lengths, samples, expected) => {
    expect(firstColumn(gatherSamples(matrix(lengths), lengths, samples))).toEqual(expected);
  });

  it.each([
    ['of one length', [2, 2, 2]],
    ['of several', [3, 1, 3, 2, 1]],
  ])('are what groups of one length are joined to: %s', (_, lengths) => {
    const all = matrix(lengths);
    const groups = groupsByLength(lengths);
    const parts = groups.map(({ samples }) => gatherSamples(all, lengths, samples));
    expect(joinGroups(parts, groups).arraySync()).toEqual(all.arraySync());
  });

  it.each([
    ['of one length', [2, 2], [2]],
    ['of several', [3, 1], [2, 1, 4]],
    ['all of one, and all of another', [2, 2], [5]],
  ])('are joined, the samples of the first before those of the second: %s', (_, first, second) => {
    const lengths = { first, second };
    const inputs = [matrix(first), matrix(second, first.length)];
    const all = matrix([...first, ...second]);
    const { value, grads } = tf.valueAndGrads((...both) => {
      const [a, b] = both.filter(isMatrix);
      return joinSamples(a, b, lengths);
    })(inputs, tf.clone(all));
    expect(value.arraySync()).toEqual(all.arraySync());
    // Each gets back what has gone to its rows.
    expect(grads.map(grad => grad.arraySync())).toEqual(inputs.map(input => input.arraySync()));
  });
});
