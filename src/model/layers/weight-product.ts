/**
 * The products that passes are made of, with W [in, out]: y = x W on the way there, dx = dy W^T on the way back.
 *
 * XNNPACK, behind the wasm engine, multiplies fast in one arrangement alone: a plain left matrix by a plain
 * right one, of which it keeps a packed copy. A transposed right matrix runs more than ten times slower, and
 * a transposed copy of every weight, packed in its turn, would double a worker's memory. So there the backward
 * pass runs sideways, dx^T = W dy^T: the weight stands on the left, where it is neither packed nor copied, and
 * only the small dy is transposed. A backward pass enters this arrangement once, goes through as many weights as it likes, and
 * leaves it.
 *
 * The native engine takes a transposed matrix as it is, and is often slow where a plain one is wide: W [768, 3072] lies turned over
 * there (docs/performance.md).
 */
import * as tf from '@tensorflow/tfjs-core';
import { sliceRows } from './mask-rows.js';

/** A weight matrix W [in, out]. */
export type Weight = {
  /** W, or where it is turned over W^T [out, in]. */
  readonly weight: tf.Tensor2D;
  readonly turned?: boolean;
};

/** Whether the engine that runs is faster with W^T. */
export function isFasterTurned(input: number, output: number): boolean {
  return tf.getBackend() === 'tensorflow' && output >= 3 * input;
}

/** x W, [rows, out]. */
export function throughWeight(x: tf.Tensor2D, { weight, turned = false }: Weight): tf.Tensor2D {
  return tf.matMul(x, weight, false, turned);
}

const sideways = () => tf.getBackend() === 'wasm';

/** dy [rows, out] in the arrangement that {@link throughTransposed} works in. */
export function enterTransposed(dy: tf.Tensor2D): tf.Tensor2D {
  return sideways() ? tf.transpose(dy) : dy;
}

/** dy W^T, both sides in the arrangement of {@link enterTransposed}. */
export function throughTransposed({ weight, turned = false }: Weight, dy: tf.Tensor2D): tf.Tensor2D {
  return sideways() ? tf.matMul(weight, dy, turned, false) : tf.matMul(dy, weight, false, !turned);
}

/** Back to [rows, in]. */
export function leaveTransposed(dx: tf.Tensor2D): tf.Tensor2D {
  return sideways() ? tf.transpose(dx) : dx;
}

/** Matrices of as many rows side by side, in the arrangement. */
export function besideTransposed(parts: tf.Tensor2D[]): tf.Tensor2D {
  if (parts.length === 1) return parts[0];
  return tf.concat(parts, sideways() ? 0 : 1);
}

/** Of each group of dx's rows `count`, from `from` on, in the arrangement. */
export function rowsTransposed(dx: tf.Tensor2D, from: number, count: number, groups = 1): tf.Tensor2D {
  if (!sideways()) return sliceRows(dx, groups, from, count);
  const [width] = dx.shape;
  if (groups === 1) return tf.slice(dx, [0, from], [width, count]);
  const ofGroups = tf.reshape<tf.Rank.R3>(dx, [width, groups, -1]);
  return tf.reshape(tf.slice(ofGroups, [0, 0, from], [width, groups, count]), [width, groups * count]);
}
