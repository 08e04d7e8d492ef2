import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';

/** x + y, of one shape: a residual connection. */
export function add(x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor2D {
  return differentiable([x, y], () => ({
    value: tf.add(x, y),
    gradient: dy => [tf.clone(dy), tf.clone(dy)],
  }));
}
