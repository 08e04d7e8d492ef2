/**
 * Scores that stay within bounds, cap tanh(x / cap) (Gemma Team, 2024, https://arxiv.org/abs/2408.00118, section 2): parts of
 * operations that have a gradient.
 */
import * as tf from '@tensorflow/tfjs-core';

/** @param cap undefined: x itself */
export function softCap<T extends tf.Tensor>(x: T, cap: number | undefined): T {
  return cap === undefined ? x : tf.mul(tf.tanh(tf.div(x, cap)), cap);
}

/** The slope where it gave y: 1 - (y / cap)^2. */
export function slopeOfSoftCap<T extends tf.Tensor>(y: T, cap: number): T {
  return tf.sub(1, tf.square(tf.div(y, cap)));
}
