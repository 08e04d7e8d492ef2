import * as tf from '@tensorflow/tfjs-core';
import type { Site } from '../language-model.js';
import { differentiable } from './differentiable.js';
import { addWithBias, type LinearWeights, linear, product } from './linear.js';
import { type Nonlinearity, nonlinear, valueAndSlope } from './nonlinearity.js';
import { withRows } from './table-rows.js';
import { enterTransposed, leaveTransposed, throughTransposed } from './transposed-product.js';

/** A transformer's feed-forward network: `intermediate` [hidden, F], the neurons' keys, `output` [F, hidden]. */
export type FeedForwardWeights = {
  readonly intermediate: LinearWeights;
  readonly output: LinearWeights;
  readonly nonlinearity: Nonlinearity;
};

/**
 * y = f(x W1 + b1) W2 + b2, and the residual where there is one. One operation rather than three, so that its backward pass
 * stays transposed from dy to dx, and of all its values keeps f' alone.
 * @param x [rows, hidden]
 * @param residual [rows, hidden]
 */
export function feedForward(
  x: tf.Tensor2D,
  { intermediate, output, nonlinearity }: FeedForwardWeights,
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  return differentiable(residual ? [x, residual] : [x], save => {
    const { value: activations, slope } = valueAndSlope(
      nonlinearity,
      tf.matMul(x, intermediate.weight), // [rows, F]
      intermediate.bias,
    );
    save([slope]);
    const contributions: tf.Tensor2D = tf.matMul(activations, output.weight); // [rows, hidden]
    return {
      value: residual
        ? addWithBias(contributions, output.bias, residual)
        : tf.add(contributions, output.bias),
      gradient: (dy, [slope]) => {
        const dActivations = throughTransposed(output.weight, enterTransposed(dy));
        const dPre: tf.Tensor2D = tf.mul(
          dActivations,
          enterTransposed(tf.reshape(slope, [slope.shape[0], -1])),
        );
        const dx = leaveTransposed(throughTransposed(intermediate.weight, dPre));
        return residual ? [dx, tf.clone(dy)] : [dx];
      },
    };
  });
}

/**
 * The first half of the network, up to the site: f(x W1 + b1), or x W1 + b1.
 * @param x [rows, hidden]
 * @returns the activations, [rows, F]
 */
export function toActivations(
  x: tf.Tensor2D,
  { intermediate, nonlinearity }: FeedForwardWeights,
  site: Site,
): tf.Tensor2D {
  if (site === 'pre') return linear(x, intermediate);
  return nonlinear(nonlinearity, product(x, intermediate.weight), intermediate.bias);
}

/**
 * The second half of the network, from the site.
 * @param activations [rows, F]
 * @returns [rows, hidden]
 */
export function fromActivations(
  activations: tf.Tensor2D,
  network: FeedForwardWeights,
  site: Site,
): tf.Tensor2D {
  return linear(pastNonlinearity(activations, network, site), network.output);
}

/** What the site's activations [rows, F] are after the non-linearity. */
export function pastNonlinearity(
  activations: tf.Tensor2D,
  { nonlinearity }: FeedForwardWeights,
  site: Site,
): tf.Tensor2D {
  return site === 'pre' ? nonlinear(nonlinearity, activations) : activations;
}

/**
 * The network with other values for some neurons, as a copy; the old output matrix is disposed of.
 * @param values by the neuron's index, [hidden] each
 */
export async function replaceValues(
  network: FeedForwardWeights,
  values: ReadonlyMap<number, Float32Array>,
): Promise<FeedForwardWeights> {
  const { weight, bias } = network.output;
  const output = { weight: await withRows(weight, values), bias };
  weight.dispose();
  return { ...network, output };
}
