/** The non-linearities of feed-forward networks as operations with a gradient, on whichever engine runs. */
import * as tf from '@tensorflow/tfjs-core';
import { ACTIVATION_FUNCTIONS } from './activation-functions.js';
import { differentiable } from './differentiable.js';
import { hasFused, runFused } from './fused.js';
import type { ValueAndSlope } from './gelu.js';

export type Nonlinearity = keyof typeof ACTIVATION_FUNCTIONS;

/**
 * The names that checkpoints give them (transformers, activations.py): several where their formulas are one function, whose
 * constants differ from each other by less than a float32 knows.
 */
export const NONLINEARITY_NAMES: ReadonlyMap<string, Nonlinearity> = new Map([
  ['gelu', 'gelu'],
  ['gelu_python', 'gelu'],
  ['gelu_new', 'gelu_new'],
  ['gelu_fast', 'gelu_new'],
  ['gelu_accurate', 'gelu_new'],
  ['gelu_pytorch_tanh', 'gelu_new'],
  ['gelu_python_tanh', 'gelu_new'],
  ['gelu_10', 'gelu_10'],
  ['quick_gelu', 'quick_gelu'],
  ['silu', 'silu'],
  ['swish', 'silu'],
  ['mish', 'mish'],
  ['hardswish', 'hardswish'],
  ['relu', 'relu'],
  ['relu2', 'relu2'],
  ['relu6', 'relu6'],
  ['leaky_relu', 'leaky_relu'],
  ['sigmoid', 'sigmoid'],
  ['tanh', 'tanh'],
  ['linear', 'linear'],
]);

/** The native engine's kernels. */
const FUSED: ReadonlyMap<Nonlinearity, string> = new Map([
  ['gelu', 'KnGelu'],
  ['gelu_new', 'KnGeluNew'],
]);

/**
 * f(x) and f'(x), element by element.
 * @param bias [width], added to x first where there is one
 */
export function valueAndSlope(kind: Nonlinearity, x: tf.Tensor2D, bias?: tf.Tensor1D): ValueAndSlope {
  const fused = FUSED.get(kind);
  if (fused && bias && hasFused(fused)) {
    const [value, slope] = runFused(fused, { x, bias });
    return { value, slope };
  }
  return ACTIVATION_FUNCTIONS[kind](bias ? tf.add<tf.Tensor2D>(x, bias) : x);
}

/**
 * f(x + bias), or f(x).
 * @param x [rows, width]
 * @param bias [width]
 */
export function nonlinear(kind: Nonlinearity, x: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  return differentiable([x], save => {
    const { value, slope } = valueAndSlope(kind, x, bias);
    save([slope]);
    return { value, gradient: (dy, [slope]) => [tf.mul(dy, slope)] };
  });
}
