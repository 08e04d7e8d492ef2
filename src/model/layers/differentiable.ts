import * as tf from '@tensorflow/tfjs-core';

export interface Differentiable {
  readonly value: tf.Tensor2D;
  /**
   * One gradient for each input, in order, none of them `dy` itself. `saved` is what the forward pass handed to `save`.
   */
  readonly gradient: (dy: tf.Tensor2D, saved: tf.Tensor[]) => tf.Tensor2D[];
}

/**
 * An operation that brings its own derivative. Everything between an FFN activation and the answer's
 * probability is made of these: each is one node of the tape, keeps just what its backward pass reads, and
 * has no gradient for a weight, since it never lists one among its inputs.
 */
export function differentiable(
  inputs: readonly tf.Tensor2D[],
  forward: (save: (tensors: tf.Tensor[]) => void) => Differentiable,
): tf.Tensor2D {
  const operation = tf.customGrad<tf.Tensor2D>((...args) => {
    const save = args[args.length - 1];
    if (typeof save !== 'function') throw new TypeError('tf.customGrad passed no save function');
    const { value, gradient } = forward(save);
    return {
      value,
      gradFunc: (dy, saved) => {
        // tfjs tidies the forward function, but keeps whatever the gradient makes until the whole pass is over,
        // and with it what is spent now: the tape passes each operation once.
        const inputGradients = tf.tidy(() => gradient(dy, saved));
        tf.dispose([dy, ...saved]);
        return inputGradients;
      },
    };
  });
  return operation(...inputs);
}
