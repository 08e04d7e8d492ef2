import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { gatherRows, reorderRows } from './gather-rows.js';

describe.each(await enginesHere())('gathered rows, on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  // 2 groups of 4 rows.
  const rows = Array.from({ length: 8 }, (_, row) => [10 * row, 10 * row + 1, 10 * row + 2]);
  const x = () => tf.tensor2d(rows);

  it.each([
    ['in order', [0, 1, 2, 3]],
    ['again and again', [0, 0, 0, 1, 2, 2, 3]],
    ['in any order', [3, 1, 2, 0, 0, 2]],
    ['some of them', [2]],
  ])('are the same of every group: %s', (_, indices) => {
    const expected = [0, 1].flatMap(group => indices.map(index => rows[4 * group + index]));
    expect(gatherRows(x(), indices, 2).arraySync()).toEqual(expected);
  });

  it('are none where there are none', () => {
    expect(gatherRows(tf.zeros<tf.Rank.R2>([0, 3]), [0, 0], 0).shape).toEqual([0, 3]);
  });

  it('take their gradient back to where they were, each once', () => {
    const order = [5, 0, 7, 1, 2, 3, 6, 4];
    const dy = tf.tensor2d(order.map((_, to) => [to, to, to]));
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor2D) => reorderRows(x, order))(x(), dy);
    expect(value.arraySync()).toEqual(order.map(from => rows[from]));
    expect(grad.arraySync()).toEqual(rows.map((_, from) => Array(3).fill(order.indexOf(from))));
  });

  it('leave no tensor behind', () => {
    const all = x();
    const count = tf.memory().numTensors;
    gatherRows(all, [3, 3, 0, 1], 2).dispose();
    expect(tf.memory().numTensors).toBe(count);
  });
});
