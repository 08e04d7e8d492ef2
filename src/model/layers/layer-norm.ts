import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';
import { hasFused, runFused } from './fused.js';

/** Layer normalisation (Ba et al., 2016, https://arxiv.org/abs/1607.06450) over `gamma`'s and `beta`'s width. */
export type LayerNormWeights = {
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
  readonly epsilon: number;
};

interface Normalized {
  readonly value: tf.Tensor2D;
  /** (x - mean) / sqrt(var + epsilon), [rows, width]. */
  readonly unit: tf.Tensor2D;
  /** 1 / sqrt(var + epsilon), [rows, 1]. */
  readonly inverseDeviation: tf.Tensor2D;
}

function normalize(x: tf.Tensor2D, { gamma, beta, epsilon }: LayerNormWeights): Normalized {
  if (hasFused('KnNorm')) {
    const [value, unit, inverseDeviation] = runFused('KnNorm', { x, gamma, beta }, { epsilon });
    return { value, unit, inverseDeviation };
  }
  const centered: tf.Tensor2D = tf.sub(x, tf.mean(x, 1, true));
  const variance = tf.mean(tf.square(centered), 1, true); // [rows, 1]
  const inverseDeviation: tf.Tensor2D = tf.rsqrt(tf.add(variance, epsilon));
  const unit: tf.Tensor2D = tf.mul(centered, inverseDeviation);
  return { value: tf.add(tf.mul(unit, gamma), beta), unit, inverseDeviation };
}

/** normalize(x + bias + residual) */
function addAndNormalize(
  x: tf.Tensor2D,
  bias: tf.Tensor1D,
  residual: tf.Tensor2D,
  weights: LayerNormWeights,
): Normalized {
  if (!hasFused('KnAddBiasNorm')) return normalize(tf.add(tf.add(x, bias), residual), weights);
  const { gamma, beta, epsilon } = weights;
  const inputs = { x, bias, residual, gamma, beta };
  const [value, unit, inverseDeviation] = runFused('KnAddBiasNorm', inputs, { epsilon });
  return { value, unit, inverseDeviation };
}

/** dx = (g - mean(g) - unit mean(g unit)) / deviation, with g = dy gamma. */
function slopeOfNormalize(
  dy: tf.Tensor,
  unit: tf.Tensor,
  inverseDeviation: tf.Tensor,
  gamma: tf.Tensor1D,
): tf.Tensor2D {
  if (hasFused('KnNormGrad')) {
    const [dx] = runFused('KnNormGrad', { dy, unit, inverse: inverseDeviation, gamma });
    return dx;
  }
  const g = tf.mul(dy, gamma);
  const along = tf.mean(tf.mul(g, unit), 1, true);
  return tf.mul(tf.sub(tf.sub(g, tf.mean(g, 1, true)), tf.mul(unit, along)), inverseDeviation);
}

/** @param x [rows, width] */
export function layerNorm(x: tf.Tensor2D, weights: LayerNormWeights): tf.Tensor2D {
  return differentiable([x], save => {
    const { value, unit, inverseDeviation } = normalize(x, weights);
    save([unit, inverseDeviation]);
    return { value, gradient: (dy, [unit, inverse]) => [slopeOfNormalize(dy, unit, inverse, weights.gamma)] };
  });
}

/**
 * layerNorm(x + bias + residual): how every BERT sublayer ends, x being its last product.
 * @param x [rows, width]
 * @param bias [width]
 * @param residual [rows, width]
 */
export function addAndNorm(
  x: tf.Tensor2D,
  bias: tf.Tensor1D,
  residual: tf.Tensor2D,
  weights: LayerNormWeights,
): tf.Tensor2D {
  return differentiable([x, residual], save => {
    const { value, unit, inverseDeviation } = addAndNormalize(x, bias, residual, weights);
    save([unit, inverseDeviation]);
    return {
      value,
      gradient: (dy, [unit, inverse]) => {
        const dx = slopeOfNormalize(dy, unit, inverse, weights.gamma);
        return [dx, tf.clone(dx)];
      },
    };
  });
}
