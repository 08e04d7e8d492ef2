import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';

/**
 * x factor, element by element. The gradient flows to both where they are of one shape; a factor of one row for all has
 * none.
 * @param x [rows, width]
 * @param factor [rows or 1, width]
 */
export function scale(x: tf.Tensor2D, factor: tf.Tensor2D): tf.Tensor2D {
  const value = () => tf.mul<tf.Tensor2D>(x, factor);
  if (factor.shape[0] !== x.shape[0]) {
    return differentiable([x], save => {
      save([factor]);
      return { value: value(), gradient: (dy, [factor]) => [tf.mul(dy, factor)] };
    });
  }
  return differentiable([x, factor], save => {
    save([x, factor]);
    return { value: value(), gradient: (dy, [x, factor]) => [tf.mul(dy, factor), tf.mul(dy, x)] };
  });
}
