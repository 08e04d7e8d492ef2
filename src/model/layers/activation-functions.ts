/**
 * The non-linearities of feed-forward networks, each with its slope, under the names of huggingface/transformers (activations.py, whose
 * formulas these are; `gelu.ts` has GELU's). Where a slope jumps it is there what it is in PyTorch.
 */
import * as tf from '@tensorflow/tfjs-core';
import { gelu, geluByTanh, type ValueAndSlope } from './gelu.js';

type ActivationFunction = (x: tf.Tensor2D) => ValueAndSlope;

/** 1 where a condition holds, 0 elsewhere. */
const where = (condition: tf.Tensor2D): tf.Tensor2D => tf.cast(condition, 'float32');

/** x s(k x), with s the sigmoid: slope s + k x s (1 - s). */
function byGate(x: tf.Tensor2D, k: number): ValueAndSlope {
  const s = tf.sigmoid<tf.Tensor2D>(tf.mul(x, k));
  const value: tf.Tensor2D = tf.mul(x, s);
  return { value, slope: tf.add<tf.Tensor2D>(s, tf.mul(tf.mul(value, tf.sub(1, s)), k)) };
}

/** GELU, no further than 10 from 0. */
function clippedGelu(x: tf.Tensor2D): ValueAndSlope {
  const { value, slope } = gelu(x);
  return { value: tf.clipByValue(value, -10, 10), slope: tf.mul(slope, where(tf.lessEqual(value, 10))) };
}

/** x tanh(softplus(x)) (Misra, 2019, https://arxiv.org/abs/1908.08681), by u = e^-|x| alone, which never overflows. */
function mish(x: tf.Tensor2D): ValueAndSlope {
  const u = tf.exp(tf.neg(tf.abs(x)));
  const square = tf.square(u);
  // tanh(ln(1 + n)) = (n^2 + 2 n) / (n^2 + 2 n + 2), with n = e^x: u below 0, and 1 / u above.
  const below = tf.add(square, tf.mul(u, 2));
  const above = tf.add(tf.mul(u, 2), 1);
  const isAbove = where(tf.greater(x, 0));
  const top = tf.add(tf.mul(above, isAbove), tf.mul(below, tf.sub(1, isAbove)));
  const rest = tf.add(tf.mul(tf.mul(square, 2), isAbove), tf.mul(tf.sub(1, isAbove), 2));
  const bottom = tf.add(top, rest);
  const tanh = tf.div<tf.Tensor2D>(top, bottom);
  // 1 - tanh^2 = (1 - tanh) (1 + tanh), with 1 - tanh = rest / bottom.
  const bend = tf.mul(tf.div(rest, bottom), tf.add(1, tanh));
  return {
    value: tf.mul(x, tanh),
    slope: tf.add<tf.Tensor2D>(tanh, tf.mul(x, tf.mul(bend, tf.sigmoid(x)))),
  };
}

/** x relu6(x + 3) / 6. */
function hardswish(x: tf.Tensor2D): ValueAndSlope {
  const inner = where(tf.logicalAnd(tf.greater(x, -3), tf.lessEqual(x, 3)));
  const beyond = where(tf.greater(x, 3));
  return {
    value: tf.mul(x, tf.div(tf.clipByValue(tf.add(x, 3), 0, 6), 6)),
    slope: tf.add(tf.mul(inner, tf.add(tf.div(x, 3), 0.5)), beyond),
  };
}

function sigmoid(x: tf.Tensor2D): ValueAndSlope {
  const value = tf.sigmoid<tf.Tensor2D>(x);
  return { value, slope: tf.mul(value, tf.sub(1, value)) };
}

function tanh(x: tf.Tensor2D): ValueAndSlope {
  const value = tf.tanh<tf.Tensor2D>(x);
  return { value, slope: tf.sub(1, tf.square(value)) };
}

export const ACTIVATION_FUNCTIONS = {
  gelu,
  gelu_new: geluByTanh,
  gelu_10: clippedGelu,
  quick_gelu: x => byGate(x, 1.702),
  /** Or swish (Elfwing et al., 2017, https://arxiv.org/abs/1702.03118). */
  silu: x => byGate(x, 1),
  mish,
  hardswish,
  relu: x => ({ value: tf.relu(x), slope: tf.step(x) }),
  relu2: x => ({ value: tf.square(tf.relu(x)), slope: tf.mul(tf.relu(x), 2) }),
  relu6: x => ({
    value: tf.clipByValue(x, 0, 6),
    slope: where(tf.logicalAnd(tf.greater(x, 0), tf.less(x, 6))),
  }),
  leaky_relu: x => {
    const slope = tf.add<tf.Tensor2D>(tf.mul(where(tf.greater(x, 0)), 0.99), 0.01);
    return { value: tf.mul(x, slope), slope };
  },
  sigmoid,
  tanh,
  linear: x => ({ value: tf.clone(x), slope: tf.onesLike(x) }),
} satisfies Readonly<Record<string, ActivationFunction>>;
