/**
 * Each layer against plain double-precision loops, its gradient against central differences of those loops. Float32
 * keeps 1e-7; sums over a few dozen terms and the normal tail's polynomial (7.5e-8) leave 1e-5.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { gradientOf, relativeError } from '../../testing/finite-differences.js';
import { gelu as exactGelu } from '../../testing/reference-bert.js';
import { answerProbability, vocabularyProbabilities } from './answer-probability.js';
import { attention } from './attention.js';
import { feedForward } from './feed-forward.js';
import { gelu, geluAndSlope } from './gelu.js';
import { addAndNorm, layerNorm } from './layer-norm.js';
import { linear } from './linear.js';
import { joinRows, repeatForSteps, takeMaskRows, takeOtherRows, withMaskRows } from './mask-rows.js';
import { scale } from './scale.js';

const TOLERANCE = 1e-5;

/** Reproducible values in (-spread, spread). */
function values(size: number, seed: number, spread = 1): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => spread * Math.sin(12.9898 * (i + 1) + 78.233 * seed));
}

const tensor = (x: Float64Array, rows: number): tf.Tensor2D =>
  tf.tensor2d(Float32Array.from(x), [rows, x.length / rows]);
const vector = (x: Float64Array): tf.Tensor1D => tf.tensor1d(Float32Array.from(x));

/** Compares a layer's value and the gradient of <layer(x), direction> with a reference in doubles. */
function expectAgreement(
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

function affine(x: Float64Array, rows: number, w: Float64Array, b: Float64Array): Float64Array {
  const [input, output] = [x.length / rows, b.length];
  return Float64Array.from({ length: rows * output }, (_, at) => {
    const [row, column] = [Math.floor(at / output), at % output];
    let sum = b[column];
    for (let i = 0; i < input; i++) sum += x[row * input + i] * w[i * output + column];
    return sum;
  });
}

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
      expectAgreement(gelu, x => x.map(exactGelu), values(40, 1, 6), 2);
      const bias = values(20, 3);
      const biased = (x: Float64Array) => x.map((v, i) => exactGelu(v + bias[i % 20]));
      expectAgreement(x => gelu(x, vector(bias)), biased, values(40, 1, 6), 2);
    });

    it('keeps an absolute error of 1e-6 from -12 to 12, value and slope, and is exact at 0', () => {
      const x = Float64Array.from({ length: 4801 }, (_, i) => (i - 2400) / 200);
      const zero = tf.zeros<tf.Rank.R1>([x.length]);
      const { value, slope } = geluAndSlope(tensor(x, 1), zero);
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

    it('adds the residual first, and gives both inputs the same gradient', () => {
      const residual = values(3 * width, 8);
      const added = (x: Float64Array) => reference(x.map((v, i) => v + residual[i]));
      const [other, norm] = [tensor(residual, 3), weights()];
      expectAgreement(x => addAndNorm(x, other, norm), added, values(3 * width, 9), 3);
      expectAgreement(x => addAndNorm(other, x, norm), added, values(3 * width, 9), 3);
    });
  });

  it('gives each of many rows what it gives that row alone, which threads do not change', () => {
    const [rows, width] = [300, 512];
    const x = tensor(values(rows * width, 1, 3), rows);
    const residual = tensor(values(rows * width, 2), rows);
    const bias = vector(values(width, 3));
    const norm = { gamma: vector(values(width, 4)), beta: bias, epsilon: 1e-12 };
    const layers = (x: tf.Tensor2D, residual: tf.Tensor2D) => addAndNorm(gelu(x, bias), residual, norm);
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

  describe('the feed-forward network', () => {
    it('is gelu between two affine maps', () => {
      const [w1, b1, w2, b2] = [values(6 * 10, 1), values(10, 2), values(10 * 6, 3), values(6, 4)];
      const weights = {
        intermediate: { weight: tensor(w1, 6), bias: vector(b1) },
        output: { weight: tensor(w2, 10), bias: vector(b2) },
      };
      const reference = (x: Float64Array) => affine(affine(x, 5, w1, b1).map(exactGelu), 5, w2, b2);
      expectAgreement(x => feedForward(x, weights), reference, values(5 * 6, 5), 5);
    });
  });

  describe('attention', () => {
    // 2 samples, 3 tokens, 2 heads of size 2: row t * 2 + n is token t of sample n.
    const [samples, tokens, heads, size, hidden] = [2, 3, 2, 2, 4];
    const scale = 1 / Math.sqrt(size);

    function reference(q: Float64Array, k: Float64Array, v: Float64Array): Float64Array {
      const queries = q.length / (samples * hidden);
      const out = new Float64Array(q.length);
      for (let n = 0; n < samples; n++) {
        for (let h = 0; h < heads; h++) {
          const at = (t: number, i: number) => (t * samples + n) * hidden + h * size + i;
          for (let t = 0; t < queries; t++) {
            const weights = Array.from({ length: tokens }, (_, s) => {
              let score = 0;
              for (let i = 0; i < size; i++) score += q[at(t, i)] * k[at(s, i)];
              return Math.exp(score * scale);
            });
            const total = weights.reduce((a, b) => a + b);
            for (let s = 0; s < tokens; s++) {
              for (let i = 0; i < size; i++) out[at(t, i)] += (weights[s] / total) * v[at(s, i)];
            }
          }
        }
      }
      return out;
    }

    it.each([
      ['every token asks', tokens],
      ['the mask alone asks', 1],
    ])('agrees in value and in all three gradients where %s', (_, queries) => {
      const q = values(queries * samples * hidden, 1, 2);
      const [k, v] = [values(tokens * samples * hidden, 2, 2), values(tokens * samples * hidden, 3, 2)];
      const shape = { samples, heads, scale };
      const [qt, kt, vt] = [
        tensor(q, queries * samples),
        tensor(k, tokens * samples),
        tensor(v, tokens * samples),
      ];
      expectAgreement(
        x => attention(x, kt, vt, shape),
        x => reference(x, k, v),
        q,
        queries * samples,
      );
      expectAgreement(
        x => attention(qt, x, vt, shape),
        x => reference(q, x, v),
        k,
        tokens * samples,
      );
      expectAgreement(
        x => attention(qt, kt, x, shape),
        x => reference(q, k, x),
        v,
        tokens * samples,
      );
    });
  });

  describe("the answer's probability", () => {
    it('is the softmax over the vocabulary at the answer, with its gradient', () => {
      const [embeddings, bias, answers] = [values(7 * 4, 1, 2), values(7, 2), [3, 0, 6]];
      const weights = { embeddings: tensor(embeddings, 7), bias: vector(bias) };
      const distribution = (x: Float64Array, row: number) => {
        const scores = Array.from({ length: 7 }, (_, id) =>
          Math.exp(
            bias[id] + [0, 1, 2, 3].reduce((sum, i) => sum + x[row * 4 + i] * embeddings[id * 4 + i], 0),
          ),
        );
        const total = scores.reduce((a, b) => a + b);
        return scores.map(score => score / total);
      };
      const reference = (x: Float64Array) =>
        Float64Array.from(answers, (answer, row) => distribution(x, row)[answer]);
      const x = values(3 * 4, 3);
      expectAgreement(h => answerProbability(h, weights, answers), reference, x, 3);
      const all = vocabularyProbabilities(tensor(x, 3), weights).dataSync();
      expect(
        relativeError(
          all,
          [0, 1, 2].flatMap(row => distribution(x, row)),
        ),
      ).toBeLessThan(TOLERANCE);
    });
  });

  it("the answer's probability has an exact gradient too where it is near 1", () => {
    const exact = (x: Float64Array) => x.map(Math.fround);
    const [embeddings, h] = [exact(values(7 * 4, 1, 2)), exact(values(4, 3, 0.1))];
    const bias = exact(values(7, 2));
    bias[3] += 16; // 1 - P(3) is about 1e-6
    const scores = Array.from({ length: 7 }, (_, id) =>
      Math.exp(bias[id] + h.reduce((sum, x, i) => sum + x * embeddings[id * 4 + i], 0)),
    );
    const total = scores.reduce((a, b) => a + b);
    // P(3) sum_j P(j) (E[3] - E[j]), in doubles
    const expected = [0, 1, 2, 3].map(i =>
      scores.reduce(
        (sum, score, id) =>
          sum + (scores[3] / total) * (score / total) * (embeddings[3 * 4 + i] - embeddings[id * 4 + i]),
        0,
      ),
    );
    const weights = { embeddings: tensor(embeddings, 7), bias: vector(bias) };
    const { grad } = tf.valueAndGrad((x: tf.Tensor2D) => answerProbability(x, weights, [3]))(tensor(h, 1));
    expect(relativeError(grad.dataSync(), expected)).toBeLessThan(TOLERANCE);
  });

  describe('scaling', () => {
    const [x, factor] = [values(6, 1), values(6, 2)];
    const product = (a: Float64Array, b: Float64Array) => a.map((v, i) => v * b[i % b.length]);

    it('multiplies, and hands the gradient to both', () => {
      const [xs, factors] = [tensor(x, 2), tensor(factor, 2)];
      expectAgreement(
        x => scale(x, factors),
        x => product(x, factor),
        x,
        2,
      );
      expectAgreement(
        factor => scale(xs, factor),
        factor => product(x, factor),
        factor,
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

  describe('mask rows', () => {
    it('are the top rows; the rest follows below', () => {
      const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
      expect(takeMaskRows(x, 1).arraySync()).toEqual([[1, 2]]);
      expect(takeOtherRows(x, 1).arraySync()).toEqual([
        [3, 4],
        [5, 6],
      ]);
      expect(withMaskRows(takeMaskRows(x, 1), takeOtherRows(x, 1)).arraySync()).toEqual(x.arraySync());
    });

    it('pass the gradient of their rows alone', () => {
      const dy = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
      const { grad: taken } = tf.valueAndGrad((x: tf.Tensor2D) => takeMaskRows(x, 1))(
        tf.zerosLike(dy),
        tf.tensor2d([7, 8], [1, 2]),
      );
      expect(taken.arraySync()).toEqual([
        [7, 8],
        [0, 0],
        [0, 0],
      ]);
      const rest = tf.zeros<tf.Rank.R2>([2, 2]);
      const { grad: joined } = tf.valueAndGrad((x: tf.Tensor2D) => withMaskRows(x, rest))(
        tf.zeros<tf.Rank.R2>([1, 2]),
        dy,
      );
      expect(joined.arraySync()).toEqual([[1, 2]]);
    });

    it('and the others make up the whole again, and share out its gradient', () => {
      const x = tensor(values(6, 1), 3);
      const split = (x: tf.Tensor2D) => joinRows(takeMaskRows(x, 1), takeOtherRows(x, 1));
      const dy = tensor(values(6, 2), 3);
      const { value, grad } = tf.valueAndGrad(split)(x, tf.clone(dy));
      expect(value.arraySync()).toEqual(x.arraySync());
      expect(grad.arraySync()).toEqual(dy.arraySync());
    });

    it('are repeated for every step next to each other', () => {
      expect(
        repeatForSteps(tf.tensor2d([1, 2], [2, 1]), 3)
          .arraySync()
          .flat(),
      ).toEqual([1, 1, 1, 2, 2, 2]);
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
