import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';
import { hasFused, runFused } from './fused.js';

/** Root mean square normalisation (Zhang and Sennrich, 2019, https://arxiv.org/abs/1910.07467) over `gamma`'s width. */
export type RmsNormWeights = {
  readonly gamma: tf.Tensor1D;
  readonly epsilon: number;
};

/**
 * x / sqrt(mean(x^2) + epsilon) gamma, row by row.
 * @param x [rows, width]
 */
export function rmsNorm(x: tf.Tensor2D, weights: RmsNormWeights): tf.Tensor2D {
  return differentiable([x], save => {
    const { value, saved } = rmsNormalize(x, weights);
    save(saved);
    return { value, gradient: (dy, saved) => [slopeOfRmsNormalize(dy, saved, weights)] };
  });
}

/** A part of operations that have a gradient: the value, and what {@link slopeOfRmsNormalize} reads, two tensors. */
export function rmsNormalize(
  x: tf.Tensor2D,
  { gamma, epsilon }: RmsNormWeights,
): { value: tf.Tensor2D; saved: tf.Tensor[] } {
  if (hasFused('KnRmsNorm')) {
    const [value, ...saved] = runFused('KnRmsNorm', { x, gamma }, { epsilon });
    return { value, saved };
  }
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), epsilon)); // [rows, 1]
  const unit: tf.Tensor2D = tf.mul(x, inverse);
  return { value: tf.mul(unit, gamma), saved: [unit, inverse] };
}

/** With unit = x / sqrt(...) and g = dy gamma, dx = (g - unit mean(g unit)) / sqrt(...). */
export function slopeOfRmsNormalize(
  dy: tf.Tensor2D,
  [unit, inverse]: tf.Tensor[],
  { gamma }: RmsNormWeights,
): tf.Tensor2D {
  if (hasFused('KnRmsNormGrad')) {
    const [dx] = runFused('KnRmsNormGrad', { dy, unit, inverse, gamma });
    return dx;
  }
  const g = tf.mul(dy, gamma);
  const along = tf.mean(tf.mul(g, unit), 1, true);
  return tf.mul(tf.sub(g, tf.mul(unit, along)), inverse);
}
