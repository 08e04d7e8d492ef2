/** What the tests of layers share: plain double-precision loops and central differences as references. */
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { gradientOf, relativeError } from './finite-differences.js';

/** Float32 keeps 1e-7; sums over a few dozen terms and the normal tail's polynomial (7.5e-8) leave 1e-5. */
export const TOLERANCE = 1e-5;

/** Reproducible values in (-spread, spread). */
export function values(size: number, seed: number, spread = 1): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => spread * Math.sin(12.9898 * (i + 1) + 78.233 * seed));
}

export const tensor = (x: Float64Array, rows: number): tf.Tensor2D =>
  tf.tensor2d(Float32Array.from(x), [rows, x.length / rows]);
export const vector = (x: Float64Array): tf.Tensor1D => tf.tensor1d(Float32Array.from(x));

/** Compares a layer's value and the gradient of <layer(x), direction> with a reference in doubles. */
export function expectAgreement(
  layer: (x: tf.Tensor2D) => tf.Tensor2D,
  reference: (x: Float64Array) => Float64Array,
  x: Float64Array,
  rows: number,
): void {
  const expected = reference(x);
  const direction = values(expected.length, 99);
  const { value, grad } = tf.valueAndGrad(layer)(
    tensor(x, rows),
    tensor(direction, layer(tensor(x, rows)).shape[0]),
  );
  expect(relativeError(value.dataSync(), expected)).toBeLessThan(TOLERANCE);
  const along = (y: Float64Array) => reference(y).reduce((sum, v, i) => sum + v * direction[i], 0);
  expect(relativeError(grad.dataSync(), gradientOf(along, x))).toBeLessThan(TOLERANCE);
}

export function affine(x: Float64Array, rows: number, w: Float64Array, b: Float64Array): Float64Array {
  const [input, output] = [x.length / rows, b.length];
  return Float64Array.from({ length: rows * output }, (_, at) => {
    const [row, column] = [Math.floor(at / output), at % output];
    let sum = b[column];
    for (let i = 0; i < input; i++) sum += x[row * input + i] * w[i * output + column];
    return sum;
  });
}
