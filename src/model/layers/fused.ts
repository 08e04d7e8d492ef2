import * as tf from '@tensorflow/tfjs-core';

/**
 * Whether the engine that runs has a kernel of its own for this, which does in one pass over memory what takes many of
 * tfjs's operations. They are registered with the engine (runtime/engines/).
 */
export function hasFused(kernel: string): boolean {
  return tf.getKernel(kernel, tf.getBackend()) != null;
}

/** Runs such a kernel. */
export function runFused(
  kernel: string,
  inputs: Readonly<Record<string, tf.Tensor>>,
  attributes: Readonly<Record<string, number>> = {},
): tf.Tensor2D[] {
  return tf.engine().runKernel<tf.Tensor2D[]>(kernel, inputs, attributes);
}
