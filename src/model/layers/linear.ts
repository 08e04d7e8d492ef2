import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';
import { hasFused, runFused } from './fused.js';
import {
  enterTransposed,
  leaveTransposed,
  throughTransposed,
  throughWeight,
  type Weight,
} from './weight-product.js';

/** An affine map; `bias` is [out]. A PyTorch checkpoint stores W^T. */
export type LinearWeights = Weight & { readonly bias: tf.Tensor1D };

/** One whose rows are read and written: never turned over. */
export type PlainLinearWeights = LinearWeights & { readonly turned?: false };

/**
 * y = x W, hence dx = dy W^T.
 * @param x [rows, in]
 * @returns [rows, out]
 */
export function product(x: tf.Tensor2D, weight: Weight): tf.Tensor2D {
  return differentiable([x], () => ({
    value: throughWeight(x, weight),
    gradient: dy => [leaveTransposed(throughTransposed(weight, enterTransposed(dy)))],
  }));
}

/**
 * y = x W + b, hence dx = dy W^T.
 * @param x [rows, in]
 * @returns [rows, out]
 */
export function linear(x: tf.Tensor2D, weights: LinearWeights): tf.Tensor2D {
  return differentiable([x], () => ({
    value: affine(x, weights),
    gradient: dy => [leaveTransposed(throughTransposed(weights, enterTransposed(dy)))],
  }));
}

/**
 * y = x W + b + residual: how a sublayer of a network with residual connections ends.
 * @param x [rows, in]
 * @param residual [rows, out]
 * @returns [rows, out]
 */
export function linearWithResidual(
  x: tf.Tensor2D,
  weights: LinearWeights,
  residual: tf.Tensor2D,
): tf.Tensor2D {
  return differentiable([x, residual], () => ({
    value: addWithBias(throughWeight(x, weights), weights.bias, residual),
    gradient: dy => [leaveTransposed(throughTransposed(weights, enterTransposed(dy))), tf.clone(dy)],
  }));
}

/** x + bias + residual, without a gradient. */
export function addWithBias(x: tf.Tensor2D, bias: tf.Tensor1D, residual: tf.Tensor2D): tf.Tensor2D {
  if (!hasFused('KnAddWithBias')) return tf.add(tf.add(x, bias), residual);
  const [sum] = runFused('KnAddWithBias', { x, bias, residual });
  return sum;
}

/** x W + b, without a gradient: a part of operations that have one. */
export function affine(x: tf.Tensor2D, weights: LinearWeights): tf.Tensor2D {
  return tf.add(throughWeight(x, weights), weights.bias);
}
