import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';

/** Root mean square normalisation (Zhang and Sennrich, 2019, https://arxiv.org/abs/1910.07467) over `gamma`'s width. */
export type RmsNormWeights = {
  readonly gamma: tf.Tensor1D;
  readonly epsilon: number;
};

/**
 * x / sqrt(mean(x^2) + epsilon) gamma, row by row. With unit = x / sqrt(...) and g = dy gamma,
 * dx = (g - unit mean(g unit)) / sqrt(...).
 * @param x [rows, width]
 */
export function rmsNorm(x: tf.Tensor2D, { gamma, epsilon }: RmsNormWeights): tf.Tensor2D {
  return differentiable([x], save => {
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), epsilon)); // [rows, 1]
    const unit: tf.Tensor2D = tf.mul(x, inverse);
    save([unit, inverse]);
    return {
      value: tf.mul(unit, gamma),
      gradient: (dy, [unit, inverse]) => {
        const g = tf.mul(dy, gamma);
        const along = tf.mean(tf.mul(g, unit), 1, true);
        return [tf.mul(tf.sub(g, tf.mul(unit, along)), inverse)];
      },
    };
  });
}
