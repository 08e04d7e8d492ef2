import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';
import { geluAndSlope } from './gelu.js';
import type { LinearWeights } from './linear.js';
import { enterTransposed, leaveTransposed, throughTransposed } from './transposed-product.js';

/** A transformer's feed-forward network: `intermediate` [hidden, F], the neurons' keys, `output` [F, hidden]. */
export type FeedForwardWeights = {
  readonly intermediate: LinearWeights;
  readonly output: LinearWeights;
};

/**
 * y = gelu(x W1 + b1) W2 + b2. One operation rather than three, so that its backward pass stays transposed
 * from dy to dx, and of all its values keeps gelu' alone.
 * @param x [rows, hidden]
 */
export function feedForward(x: tf.Tensor2D, { intermediate, output }: FeedForwardWeights): tf.Tensor2D {
  return differentiable([x], save => {
    const { value: activations, slope } = geluAndSlope(
      tf.matMul(x, intermediate.weight), // [rows, F]
      intermediate.bias,
    );
    save([slope]);
    return {
      value: tf.add(tf.matMul(activations, output.weight), output.bias), // [rows, hidden]
      gradient: (dy, [slope]) => {
        const dActivations = throughTransposed(output.weight, enterTransposed(dy));
        const dPre: tf.Tensor2D = tf.mul(
          dActivations,
          enterTransposed(tf.reshape(slope, [slope.shape[0], -1])),
        );
        return [leaveTransposed(throughTransposed(intermediate.weight, dPre))];
      },
    };
  });
}
