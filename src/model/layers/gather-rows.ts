/**
 * Rows of a matrix in another order, some more than once. The wasm engine's own gather takes every element by itself, twenty
 * times as slowly: there it is a slice for each run of neighbours, and for each row that is repeated.
 */
import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';

/**
 * Without a gradient. Where the rows are in order and complete it is `x` itself.
 * @param x [groups * rows, width]
 * @param indices of rows, the same in every group
 * @returns [groups * indices, width]
 */
export function gatherRows(x: tf.Tensor2D, indices: readonly number[], groups = 1): tf.Tensor2D {
  const [height, width] = x.shape;
  const rows = height / groups;
  if (height === 0 || (indices.length === rows && indices.every((index, i) => index === i))) return x;
  return tf.tidy(() => {
    const ofGroups = tf.reshape<tf.Rank.R3>(x, [groups, rows, width]);
    const gathered =
      tf.getBackend() === 'wasm'
        ? joined(runsOf(indices).map(run => runOfRows(ofGroups, run)))
        : tf.gather(ofGroups, tf.tensor1d([...indices], 'int32'), 1);
    return tf.reshape(gathered, [groups * indices.length, width]);
  });
}

/**
 * x [rows, width] in another order.
 * @param order each row's index once
 */
export function reorderRows(x: tf.Tensor2D, order: readonly number[]): tf.Tensor2D {
  if (order.every((from, to) => from === to)) return x;
  const back = Array.from(order);
  order.forEach((from, to) => {
    back[from] = to;
  });
  return differentiable([x], () => ({
    value: gatherRows(x, order),
    gradient: dy => [gatherRows(dy, back)],
  }));
}

/** `count` rows that follow each other (step 1), or one of them again and again (step 0). */
interface Run {
  readonly from: number;
  readonly count: number;
  readonly step: 0 | 1;
}

function runsOf(indices: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (let first = 0, end: number; first < indices.length; first = end) {
    const from = indices[first];
    const step = indices[first + 1] === from ? 0 : 1;
    end = first + 1;
    while (end < indices.length && indices[end] === from + step * (end - first)) end++;
    runs.push({ from, count: end - first, step });
  }
  return runs;
}

function runOfRows(x: tf.Tensor3D, { from, count, step }: Run): tf.Tensor3D {
  const rows = tf.slice(x, [0, from, 0], [-1, step === 1 ? count : 1, -1]);
  // A broadcast addition: tf.tile is a hundred times slower there.
  return step === 1 ? rows : tf.add(rows, tf.zeros([1, count, 1]));
}

const joined = (parts: tf.Tensor3D[]) => (parts.length === 1 ? parts[0] : tf.concat(parts, 1));
