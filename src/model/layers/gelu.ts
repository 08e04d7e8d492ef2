/**
 * GELU, the Gaussian error linear unit (Hendrycks and Gimpel, 2016, https://arxiv.org/abs/1606.08415): x Phi(x), with Phi the normal
 * distribution function; slope Phi(x) + x phi(x), with phi the normal density. Its approximation by tanh (section 2 there) is
 * x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3).
 */
import * as tf from '@tensorflow/tfjs-core';

/** f(x) and f'(x), element by element. */
export interface ValueAndSlope {
  readonly value: tf.Tensor2D;
  readonly slope: tf.Tensor2D;
}

const SQRT_HALF = Math.SQRT1_2;
const INVERSE_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);
const SQRT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

export function gelu(x: tf.Tensor2D): ValueAndSlope {
  return tf.getBackend() === 'wasm' ? byPolynomial(x) : byErf(x);
}

/** Exact. */
function byErf(x: tf.Tensor2D): ValueAndSlope {
  const phi = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), INVERSE_SQRT_TWO_PI);
  const cdf = tf.mul(tf.add(tf.erf(tf.mul(x, SQRT_HALF)), 1), 0.5);
  return { value: tf.mul(x, cdf), slope: tf.add(cdf, tf.mul(x, phi)) };
}

/** Its approximation by tanh. With s = (1 + tanh u) / 2, the sigmoid of 2u: value x s, slope s + 2 x s (1 - s) u'. */
export function geluByTanh(x: tf.Tensor2D): ValueAndSlope {
  const square = tf.mul(tf.square(x), CUBIC);
  const twice = tf.mul<tf.Tensor2D>(tf.mul(x, tf.add(square, 1)), 2 * SQRT_TWO_OVER_PI); // 2u
  const s = tf.sigmoid<tf.Tensor2D>(twice);
  const value: tf.Tensor2D = tf.mul(x, s);
  const slopeOfTwice = tf.mul(tf.add(tf.mul(square, 3), 1), 2 * SQRT_TWO_OVER_PI);
  return { value, slope: tf.add<tf.Tensor2D>(s, tf.mul(tf.mul(value, tf.sub(1, s)), slopeOfTwice)) };
}

/** Abramowitz and Stegun 7.1.26, halved, since Q(u) = erfc(u / sqrt 2) / 2; the highest power first. */
const TAIL = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].map(a => a / 2);

/**
 * On the wasm engine erf and exp are scalar loops; this is made of vectorised passes alone and takes a third of the
 * time. Everything comes from the upper tail Q(u) = 1 - Phi(u) at u = |x|:
 *
 *     gelu(x)  = max(x, 0) - u Q(u)
 *     gelu'(x) = [x > 0] + sign(x) (u phi(u) - Q(u))
 *
 * with Q by Abramowitz and Stegun 7.1.26, |error| <= 7.5e-8: half a float32 step near 1, and the formula that
 * tfjs uses for its own erf. exp(-v) is had from the sigmoid s of -v <= 0, as s / (1 - s), where 1 - s >= 1/2
 * loses nothing.
 */
function byPolynomial(x: tf.Tensor2D): ValueAndSlope {
  const u = tf.abs(x);
  const sigmoid = tf.sigmoid(tf.mul(tf.square(u), -0.5));
  const bell = tf.div(sigmoid, tf.sub(1, sigmoid)); // exp(-u^2 / 2)
  const t = tf.div(1, tf.add(tf.mul(u, 0.3275911 * SQRT_HALF), 1));
  const [first, ...rest] = TAIL;
  const polynomial = rest.reduce((sum, a) => tf.mul(tf.add(sum, a), t), tf.mul(t, first));
  const tail = tf.mul(polynomial, bell); // Q(u)
  const bend = tf.sub(tf.mul(tf.mul(u, bell), INVERSE_SQRT_TWO_PI), tail); // u phi(u) - Q(u)
  const positive = tf.step(x);
  return {
    value: tf.sub(tf.relu(x), tf.mul(u, tail)),
    slope: tf.add(positive, tf.mul(bend, tf.sub(tf.mul(positive, 2), 1))),
  };
}
