import * as tf from '@tensorflow/tfjs-core';
import type { Site } from '../language-model.js';
import { differentiable } from './differentiable.js';
import { addWithBias, type LinearWeights, linear, type PlainLinearWeights, product } from './linear.js';
import { concatRows } from './mask-rows.js';
import { type Nonlinearity, nonlinear, valueAndSlope } from './nonlinearity.js';
import { withRows } from './table-rows.js';
import {
  enterTransposed,
  leaveTransposed,
  rowsTransposed,
  throughTransposed,
  throughWeight,
} from './weight-product.js';

/** A transformer's feed-forward network: `intermediate` [hidden, F], the neurons' keys, `output` [F, hidden]. */
export type FeedForwardWeights = {
  readonly intermediate: LinearWeights;
  readonly output: PlainLinearWeights;
  readonly nonlinearity: Nonlinearity;
};

/** What joins the rows that go through a network on their way. Rows may be in `groups`, each as many: default, one. */
export interface Joining {
  /** Activations after the non-linearity, [groups * b, F], of rows that begin here, behind the others of their group. */
  readonly begun?: tf.Tensor2D | undefined;
  /** Zeros, [groups * p, F], added to the activations at the site of each group's first p rows: for their gradient alone. */
  readonly probe?: tf.Tensor2D | undefined;
  readonly site?: Site;
  readonly groups?: number;
}

/**
 * y = f(x W1 + b1) W2 + b2 + residual. One operation rather than four, so that its backward pass stays transposed from dy to dx, and of
 * all its values keeps f' alone.
 * @param x [groups * r, hidden]
 * @param residual of all rows, those that begin here too
 * @returns [groups * (r + b), hidden]
 */
export function feedForward(
  x: tf.Tensor2D,
  weights: FeedForwardWeights,
  residual: tf.Tensor2D,
  joining?: Joining,
): tf.Tensor2D {
  return throughNetwork(x, weights, residual, joining);
}

/**
 * The same without b2 and residual, which are added by what follows (`addAndNorm`): f(x W1 + b1) W2, what the neurons add up to.
 * @param x [groups * r, hidden]
 * @returns [groups * (r + b), hidden]
 */
export function contributions(x: tf.Tensor2D, weights: FeedForwardWeights, joining?: Joining): tf.Tensor2D {
  return throughNetwork(x, weights, undefined, joining);
}

function throughNetwork(
  x: tf.Tensor2D,
  { intermediate, output, nonlinearity }: FeedForwardWeights,
  residual: tf.Tensor2D | undefined,
  { begun, probe, site = 'post', groups = 1 }: Joining = {},
): tf.Tensor2D {
  const inputs = [x, residual, begun, probe].filter(input => input !== undefined);
  const rows = x.shape[0] / groups;
  return differentiable(inputs, save => {
    const { value: own, slope } = valueAndSlope(
      nonlinearity,
      throughWeight(x, intermediate), // [rows, F]
      intermediate.bias,
    );
    save([slope]);
    const activations = begun ? concatRows(own, begun, groups) : own;
    const added = throughWeight(activations, output); // [rows, hidden]
    return {
      value: residual ? addWithBias(added, output.bias, residual) : added,
      gradient: (dy, [slope]) => {
        const dAll = throughTransposed(output, enterTransposed(dy));
        const dActivations = begun ? rowsTransposed(dAll, 0, rows, groups) : dAll;
        const dPre: tf.Tensor2D = tf.mul(
          dActivations,
          enterTransposed(tf.reshape(slope, [slope.shape[0], -1])),
        );
        const part = (d: tf.Tensor2D, from: number, { shape }: tf.Tensor2D) =>
          leaveTransposed(rowsTransposed(d, from, shape[0] / groups, groups));
        const gradients = [leaveTransposed(throughTransposed(intermediate, dPre))];
        if (residual) gradients.push(tf.clone(dy));
        if (begun) gradients.push(part(dAll, rows, begun));
        if (probe) gradients.push(part(site === 'pre' ? dPre : dActivations, 0, probe));
        return gradients;
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
  return nonlinear(nonlinearity, product(x, intermediate), intermediate.bias);
}

/**
 * {@link contributions} of what the neurons are at the site: the second half of the network.
 * @param activations [rows, F]
 * @returns [rows, hidden]
 */
export function contributionsOf(
  activations: tf.Tensor2D,
  network: FeedForwardWeights,
  site: Site,
): tf.Tensor2D {
  return product(pastNonlinearity(activations, network, site), network.output);
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
