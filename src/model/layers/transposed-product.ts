/**
 * The product that every backward pass is made of: dx = dy W^T, with W [in, out].
 *
 * XNNPACK, behind the wasm engine, multiplies fast in one arrangement alone: a plain left matrix by a plain
 * right one, of which it keeps a packed copy. A transposed right matrix runs more than ten times slower, and
 * a transposed copy of every weight, packed in its turn, would double a worker's memory. So there the backward
 * pass runs sideways, dx^T = W dy^T: the weight stands on the left, where it is neither packed nor copied, and
 * only the small dy is transposed. The native engine takes `transposeB` as it is.
 *
 * A backward pass enters this arrangement once, goes through as many weights as it likes, and leaves it.
 */
import * as tf from '@tensorflow/tfjs-core';
import { sliceRows } from './mask-rows.js';

const sideways = () => tf.getBackend() === 'wasm';

/** dy [rows, out] in the arrangement that {@link throughTransposed} works in. */
export function enterTransposed(dy: tf.Tensor2D): tf.Tensor2D {
  return sideways() ? tf.transpose(dy) : dy;
}

/** dy W^T for W [in, out], both sides in the arrangement of {@link enterTransposed}. */
export function throughTransposed(weight: tf.Tensor2D, dy: tf.Tensor2D): tf.Tensor2D {
  return sideways() ? tf.matMul(weight, dy) : tf.matMul(dy, weight, false, true);
}

/** Back to [rows, in]. */
export function leaveTransposed(dx: tf.Tensor2D): tf.Tensor2D {
  return sideways() ? tf.transpose(dx) : dx;
}

/** Of each group of dx's rows `count`, from `from` on, in the arrangement. */
export function rowsTransposed(dx: tf.Tensor2D, from: number, count: number, groups = 1): tf.Tensor2D {
  if (!sideways()) return sliceRows(dx, groups, from, count);
  const [width] = dx.shape;
  if (groups === 1) return tf.slice(dx, [0, from], [width, count]);
  const ofGroups = tf.reshape<tf.Rank.R3>(dx, [width, groups, -1]);
  return tf.reshape(tf.slice(ofGroups, [0, 0, from], [width, groups, count]), [width, groups * count]);
}
