import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';

/**
 * x factor, element by element, with a gradient for x.
 * @param x [rows, width]
 * @param factor [rows or 1, width]
 */
export function scale(x: tf.Tensor2D, factor: tf.Tensor2D): tf.Tensor2D {
  return differentiable([x], save => {
    save([factor]);
    return { value: tf.mul<tf.Tensor2D>(x, factor), gradient: (dy, [factor]) => [tf.mul(dy, factor)] };
  });
}
