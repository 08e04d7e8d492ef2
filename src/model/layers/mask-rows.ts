/**
 * Rows of the prediction's position. In every matrix of a forward pass row t * samples + n is token t of sample
 * n, and token 0 is the prediction's position, so its rows, those that an intervention changes, are one block
 * at the top.
 */
import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';

/** The first `samples` rows of x [rows, width]. */
export function takeMaskRows(x: tf.Tensor2D, samples: number): tf.Tensor2D {
  const [rows] = x.shape;
  if (rows === samples) return x;
  return differentiable([x], () => ({
    value: tf.slice(x, [0, 0], [samples, -1]),
    gradient: dy => [
      tf.pad(dy, [
        [0, rows - samples],
        [0, 0],
      ]),
    ],
  }));
}

/** The rows of x [rows, width] below the first `samples`. */
export function takeOtherRows(x: tf.Tensor2D, samples: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  return differentiable([x], () => ({
    value: tf.slice(x, [samples, 0], [rows - samples, width]),
    gradient: dy => [
      tf.pad(dy, [
        [samples, 0],
        [0, 0],
      ]),
    ],
  }));
}

/**
 * `mask` [samples, width] on top of `rest`, rows that no gradient flows to.
 * @returns [samples + rest rows, width]
 */
export function withMaskRows(mask: tf.Tensor2D, rest: tf.Tensor2D): tf.Tensor2D {
  const [samples] = mask.shape;
  if (rest.size === 0) return mask;
  return differentiable([mask], () => ({
    value: tf.concat([mask, rest], 0),
    gradient: dy => [tf.slice(dy, [0, 0], [samples, -1])],
  }));
}

/**
 * Group by group, the rows of `first` before those of `second`: the mask's before all others, and where a group is a token or a
 * prompt, one batch's samples before another's.
 * @param first [groups * a, width]
 * @param second [groups * b, width]
 * @returns [groups * (a + b), width]
 */
export function joinRows(first: tf.Tensor2D, second: tf.Tensor2D, groups = 1): tf.Tensor2D {
  const [before, behind] = [first.shape[0] / groups, second.shape[0] / groups];
  return differentiable([first, second], () => ({
    value: concatRows(first, second, groups),
    gradient: dy => [sliceRows(dy, groups, 0, before), sliceRows(dy, groups, before, behind)],
  }));
}

/** The value of {@link joinRows}, a part of operations that have a gradient. */
export function concatRows(first: tf.Tensor2D, second: tf.Tensor2D, groups: number): tf.Tensor2D {
  if (groups === 1) return tf.concat([first, second], 0);
  const width = first.shape[1];
  const ofGroups = (x: tf.Tensor2D) => tf.reshape<tf.Rank.R3>(x, [groups, -1, width]);
  return tf.reshape(tf.concat([ofGroups(first), ofGroups(second)], 1), [-1, width]);
}

/** Of each group of x [groups * rows, width] `count` rows, from `from` on. */
export function sliceRows(x: tf.Tensor2D, groups: number, from: number, count: number): tf.Tensor2D {
  const width = x.shape[1];
  if (groups === 1) return tf.slice(x, [from, 0], [count, width]);
  const ofGroups = tf.reshape<tf.Rank.R3>(x, [groups, -1, width]);
  return tf.reshape(tf.slice(ofGroups, [0, from, 0], [groups, count, width]), [groups * count, width]);
}
