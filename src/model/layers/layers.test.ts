/** Each layer against plain double-precision loops, its gradient against central differences of those loops. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { gradientOf } from '../../testing/finite-differences.js';
import { affine, expectAgreement, tensor, values, vector } from '../../testing/layer-agreement.js';

import { gelu as exactGelu, geluNew } from '../../testing/reference-loops.js';
import { addAndNorm, layerNorm } from './layer-norm.js';
import { linear, linearWithResidual } from './linear.js';
import { nonlinear, valueAndSlope } from './nonlinearity.js';
import { scale } from './scale.js';

describe.each(await enginesHere())('on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  describe('linear', () => {
    it('is x W + b, with the gradient dy W^T', () => {
      const [w, b] = [values(6 * 4, 1), values(4, 2)];
      const weights = { weight: tensor(w, 6), bias: vector(b) };
      expectAgreement(
        x => linear(x, weights),
        x => affine(x, 3, w, b),
        values(3 * 6, 3),
        3,
      );
    });
  });

  describe('gelu', () => {
    it('is x times the normal distribution function', () => {
      expectAgreement(
        x => nonlinear('gelu', x),
        x => x.map(exactGelu),
        values(40, 1, 6),
        2,
      );
      const bias = values(20, 3);
      const biased = (x: Float64Array) => x.map((v, i) => exactGelu(v + bias[i % 20]));
      expectAgreement(x => nonlinear('gelu', x, vector(bias)), biased, values(40, 1, 6), 2);
    });

    it('keeps an absolute error of 1e-6 from -12 to 12, value and slope, and is exact at 0', () => {
      const x = Float64Array.from({ length: 4801 }, (_, i) => (i - 2400) / 200);
      const zero = tf.zeros<tf.Rank.R1>([x.length]);
      const { value, slope } = valueAndSlope('gelu', tensor(x, 1), zero);
      const slopes = gradientOf(
        y => y.reduce((sum, v) => sum + exactGelu(v), 0),
        x.filter((_, i) => i % 100 === 0),
      );
      const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
        Array.from(b).reduce((max, v, i) => Math.max(max, Math.abs(v - a[i])), 0);
      expect(worst(value.dataSync(), x.map(exactGelu))).toBeLessThan(1e-6);
      expect(
        worst(
          slope.dataSync().filter((_, i) => i % 100 === 0),
          slopes,
        ),
      ).toBeLessThan(1e-6);
      expect(value.dataSync()[2400]).toBe(0);
    });
  });

  // A kernel may take 16 elements at a time: 8 is none of that, 40 is two and a rest.
  describe.each([8, 40])('layer normalisation, %i wide', width => {
    const [gamma, beta, epsilon] = [values(width, 5), values(width, 6), 1e-12];
    const weights = () => ({ gamma: vector(gamma), beta: vector(beta), epsilon });
    const reference = (x: Float64Array) =>
      x.map((v, i) => {
        const row = x.subarray(i - (i % width), i - (i % width) + width);
        const mean = row.reduce((a, b) => a + b) / width;
        const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / width;
        return ((v - mean) / Math.sqrt(variance + epsilon)) * gamma[i % width] + beta[i % width];
      });

    it('has rows of mean 0 and deviation 1 before gamma and beta', () => {
      const norm = weights();
      expectAgreement(x => layerNorm(x, norm), reference, values(3 * width, 7, 5), 3);
    });

    it('adds bias and residual first, and gives both inputs the same gradient', () => {
      const [residual, bias] = [values(3 * width, 8), values(width, 10)];
      const added = (x: Float64Array) => reference(x.map((v, i) => v + bias[i % width] + residual[i]));
      const [other, norm] = [tensor(residual, 3), weights()];
      expectAgreement(x => addAndNorm(x, vector(bias), other, norm), added, values(3 * width, 9), 3);
      expectAgreement(x => addAndNorm(other, vector(bias), x, norm), added, values(3 * width, 9), 3);
    });
  });

  it('gives each of many rows what it gives that row alone, which threads do not change', () => {
    const [rows, width] = [300, 512];
    const x = tensor(values(rows * width, 1, 3), rows);
    const residual = tensor(values(rows * width, 2), rows);
    const bias = vector(values(width, 3));
    const norm = { gamma: vector(values(width, 4)), beta: bias, epsilon: 1e-12 };
    const layers = (x: tf.Tensor2D, residual: tf.Tensor2D) =>
      addAndNorm(nonlinear('gelu', x, bias), bias, residual, norm);
    const gradient = (x: tf.Tensor2D, residual: tf.Tensor2D) =>
      tf.valueAndGrad((x: tf.Tensor2D) => layers(x, residual))(x, tf.clone(residual)).grad;
    for (const f of [layers, gradient]) {
      const all = f(x, residual);
      for (const row of [0, 149, 150, 299]) {
        const alone = f(tf.slice(x, [row, 0], [1, width]), tf.slice(residual, [row, 0], [1, width]));
        expect(tf.slice(all, [row, 0], [1, width]).dataSync()).toEqual(alone.dataSync());
      }
    }
  });

  describe('the other non-linearities', () => {
    const apart = [-9, -3, -1.2, -0.4, 0.2, 0.9, 2.5, 9]; // none at 0, where relu has no slope
    const x = Float64Array.from({ length: 40 }, (_, i) => apart[i % 8] + i / 100);
    const bias = values(20, 3, 0.05);

    it.each([
      ['gelu_new', geluNew],
      ['relu', (v: number) => Math.max(v, 0)],
    ] as const)('agree in value and slope, with and without a bias: %s', (kind, reference) => {
      expectAgreement(
        x => nonlinear(kind, x),
        x => x.map(reference),
        x,
        2,
      );
      const biased = (x: Float64Array) => x.map((v, i) => reference(v + bias[i % 20]));
      expectAgreement(x => nonlinear(kind, x, vector(bias)), biased, x, 2);
    });
  });

  describe('scaling', () => {
    const [x, factor] = [values(6, 1), values(6, 2)];
    const product = (a: Float64Array, b: Float64Array) => a.map((v, i) => v * b[i % b.length]);

    it('multiplies, and hands the gradient on', () => {
      const factors = tensor(factor, 2);
      expectAgreement(
        x => scale(x, factors),
        x => product(x, factor),
        x,
        2,
      );
    });

    it('multiplies every row by a factor of one row', () => {
      const row = values(3, 3);
      expectAgreement(
        x => scale(x, tensor(row, 1)),
        x => product(x, row),
        x,
        2,
      );
    });
  });

  describe('a residual connection', () => {
    const [w, b, x, residual] = [values(3 * 4, 1), values(4, 2), values(2 * 3, 3), values(2 * 4, 4)];
    const weights = { weight: tensor(w, 3), bias: vector(b) };
    const sum = (x: Float64Array, residual: Float64Array) =>
      affine(x, 2, w, b).map((v, i) => v + residual[i]);

    it('is added to a linear map, with the gradient dy', () => {
      expectAgreement(
        x => linearWithResidual(x, weights, tensor(residual, 2)),
        x => sum(x, residual),
        x,
        2,
      );
      expectAgreement(
        residual => linearWithResidual(tensor(x, 2), weights, residual),
        residual => sum(x, residual),
        residual,
        2,
      );
    });
  });

  describe('a backward pass', () => {
    it('keeps what an operation saved until it has gone by, and nothing that its gradient made on the way', async () => {
      const layers = 20;
      const [rows, width] = [16, 32];
      const norm = {
        gamma: tf.ones<tf.Rank.R1>([width]),
        beta: tf.zeros<tf.Rank.R1>([width]),
        epsilon: 1e-12,
      };
      const chain = (x: tf.Tensor2D) =>
        Array.from({ length: layers }).reduce<tf.Tensor2D>(y => layerNorm(y, norm), x);
      const x = tensor(values(rows * width, 1), rows);
      const { peakBytes } = await tf.profile(() => tf.valueAndGrad(chain)(x, tf.onesLike(x)).grad);
      // A value and a saved copy of its unit rows for each layer, and a dozen tensors in passing.
      expect(peakBytes - tf.memory().numBytes).toBeLessThan(
        (2 * layers + 12) * 4 * rows * width + 8 * layers * rows,
      );
    });
  });
});
