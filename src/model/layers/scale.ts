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

/**
 * alpha_k x + probe for every row of x and every alpha: the steps of a path.
 * @param x [rows, width]
 * @param probe [rows, width]: the gradient flows to it, summed over the steps
 * @returns [rows * alphas, width], row by row
 */
export function scaleForSteps(x: tf.Tensor2D, alphas: readonly number[], probe: tf.Tensor2D): tf.Tensor2D {
  const [rows, width] = x.shape;
  const steps = alphas.length;
  return differentiable([probe], () => {
    const scaled = tf.mul(tf.reshape(x, [rows, 1, width]), tf.tensor3d([...alphas], [1, steps, 1]));
    return {
      value: tf.reshape(tf.add(scaled, tf.reshape(probe, [rows, 1, width])), [rows * steps, width]),
      gradient: dy => [tf.sum<tf.Tensor2D>(tf.reshape(dy, [rows, steps, width]), 1)],
    };
  });
}
