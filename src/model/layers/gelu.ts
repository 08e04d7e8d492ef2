/**
 * GELU, exact: gelu(x) = x Phi(x), with Phi the normal distribution function (Hendrycks and Gimpel, 2016,
 * https://arxiv.org/abs/1606.08415); the activation that BERT's checkpoints call "gelu".
 *
 * Both the value and the slope come from the upper tail Q(u) = 1 - Phi(u) at u = |x|:
 *
 *     gelu(x)  = max(x, 0) - u Q(u)
 *     gelu'(x) = [x > 0] + sign(x) (u phi(u) - Q(u))        phi: the normal density
 */
import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';

const SQRT_HALF = Math.SQRT1_2;
const INVERSE_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

interface NormalTail {
  /** Q(u), the probability above u. */
  readonly tail: tf.Tensor2D;
  /** exp(-u^2 / 2): the density phi(u) without its constant. */
  readonly bell: tf.Tensor2D;
}

/**
 * Q(u) for u >= 0 by Abramowitz and Stegun 7.1.26, |error| <= 7.5e-8: half a float32 step near 1, and the same
 * formula that tfjs uses for its own `erf`, whose scalar loop on the wasm engine takes twice as long as these
 * vectorised passes. For the same reason exp(-v) is had from the sigmoid: s / (1 - s) at -v <= 0, where
 * 1 - s >= 1/2 loses nothing.
 */
function tailByPolynomial(u: tf.Tensor2D): NormalTail {
  const sigmoid = tf.sigmoid(tf.mul(tf.square(u), -0.5));
  const bell: tf.Tensor2D = tf.div(sigmoid, tf.sub(1, sigmoid));
  const t = tf.div(1, tf.add(tf.mul(u, 0.3275911 * SQRT_HALF), 1));
  // Halved, since Q(u) = erfc(u / sqrt 2) / 2.
  const coefficients = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].map(a => a / 2);
  const polynomial = coefficients.reduce<tf.Tensor>((sum, a) => tf.mul(tf.add(sum, a), t), tf.scalar(0));
  return { tail: tf.mul(polynomial, bell), bell };
}

function tailByErf(u: tf.Tensor2D): NormalTail {
  const tail: tf.Tensor2D = tf.mul(tf.sub(1, tf.erf(tf.mul(u, SQRT_HALF))), 0.5);
  return { tail, bell: tf.exp(tf.mul(tf.square(u), -0.5)) };
}

/** gelu(x) and gelu'(x), element by element. */
export function geluAndSlope(x: tf.Tensor2D): { value: tf.Tensor2D; slope: tf.Tensor2D } {
  const u = tf.abs(x);
  const { tail, bell } = tf.getBackend() === 'wasm' ? tailByPolynomial(u) : tailByErf(u);
  const uTail = tf.mul(u, tail);
  const bend = tf.sub(tf.mul(tf.mul(u, bell), INVERSE_SQRT_TWO_PI), tail); // u phi(u) - Q(u)
  const positive = tf.step(x);
  return {
    value: tf.sub(tf.relu(x), uTail),
    slope: tf.add(positive, tf.mul(bend, tf.sub(tf.mul(positive, 2), 1))),
  };
}

/** @param x [rows, width] */
export function gelu(x: tf.Tensor2D): tf.Tensor2D {
  return differentiable([x], save => {
    const { value, slope } = geluAndSlope(x);
    save([slope]);
    return { value, gradient: (dy, [slope]) => [tf.mul(dy, slope)] };
  });
}
