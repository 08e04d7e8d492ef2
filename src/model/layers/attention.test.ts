/** Attention, and the arrangement of rows that it is made for, against plain double-precision loops. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { relativeError } from '../../testing/finite-differences.js';
import { expectAgreement, TOLERANCE, tensor, values } from '../../testing/layer-agreement.js';
import { attendHeads, attention } from './attention.js';
import { gatherRows } from './gather-rows.js';
import { joinRows, takeMaskRows, takeOtherRows, withMaskRows } from './mask-rows.js';

describe.each(await enginesHere())('on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  // A kernel may take 16 tokens or columns at a time, and 4 rows: here less, and more and a rest.
  describe.each([
    { lengths: [3, 3], heads: 2, size: 2 },
    { lengths: [18, 18], heads: 1, size: 17 },
    { lengths: [3, 1, 5], heads: 2, size: 2 },
    { lengths: [2, 1, 18], heads: 2, size: 17 },
  ])('attention of samples of $lengths tokens, heads of $size', ({ lengths, heads, size }) => {
    const hidden = heads * size;
    const scale = 1 / Math.sqrt(size);
    const rows = lengths.reduce((a, b) => a + b);
    const shape = { lengths, heads, scale };

    /** The row of token t of sample n: behind those of all tokens before it, and of the samples before it that have so many. */
    const rowOf = (n: number, t: number) =>
      lengths.reduce((sum, length) => sum + Math.min(length, t), 0) +
      lengths.slice(0, n).filter(length => length > t).length;

    function reference(q: Float64Array, keyValue: Float64Array): Float64Array {
      const out = new Float64Array(q.length);
      lengths.forEach((tokens, n) => {
        for (let h = 0; h < heads; h++) {
          const at = (t: number, i: number) => rowOf(n, t) * hidden + h * size + i;
          const key = (t: number, i: number) => keyValue[rowOf(n, t) * 2 * hidden + h * size + i];
          const value = (t: number, i: number) => key(t, hidden + i);
          for (let t = 0; t < (q.length === rows * hidden ? tokens : 1); t++) {
            const weights = Array.from({ length: tokens }, (_, s) => {
              let score = 0;
              for (let i = 0; i < size; i++) score += q[at(t, i)] * key(s, i);
              return Math.exp(score * scale);
            });
            const total = weights.reduce((a, b) => a + b);
            for (let s = 0; s < tokens; s++) {
              for (let i = 0; i < size; i++) out[at(t, i)] += (weights[s] / total) * value(s, i);
            }
          }
        }
      });
      return out;
    }

    it.each([
      ['every token asks', rows],
      ['the mask alone asks', lengths.length],
    ])('agrees in value and in both gradients where %s', (_, asking) => {
      const q = values(asking * hidden, 1, 2);
      const keyValue = values(rows * 2 * hidden, 2, 2);
      expectAgreement(
        x => attention(x, tensor(keyValue, rows), shape),
        x => reference(x, keyValue),
        q,
        asking,
      );
      expectAgreement(
        x => attention(tensor(q, asking), x, shape),
        x => reference(q, x),
        keyValue,
        rows,
      );
    });
  });

  it('attention gives each of many samples what it gives that sample alone, which threads do not change', () => {
    const [samples, tokens, heads, hidden] = [40, 9, 4, 64];
    const query = tensor(values(tokens * samples * hidden, 1, 2), tokens * samples);
    const keyValue = tensor(values(tokens * samples * 2 * hidden, 2, 2), tokens * samples);
    /** The value, and the gradients of both sides. */
    const all = (query: tf.Tensor2D, keyValue: tf.Tensor2D, samples: number) => {
      const shape = { lengths: Array.from({ length: samples }, () => tokens), heads, scale: 0.1 };
      const ofQuery = tf.valueAndGrad((x: tf.Tensor2D) => attention(x, keyValue, shape));
      const ofKeyValue = tf.valueAndGrad((x: tf.Tensor2D) => attention(query, x, shape));
      const { value, grad } = ofQuery(query, tf.clone(query));
      return [value, grad, ofKeyValue(keyValue, tf.clone(query)).grad];
    };
    const together = all(query, keyValue, samples);
    for (const n of [0, 19, 20, 39]) {
      const rows = Array.from({ length: tokens }, (_, t) => t * samples + n);
      const alone = all(gatherRows(query, rows), gatherRows(keyValue, rows), 1);
      together.forEach((x, i) => {
        expect(gatherRows(x, rows).dataSync()).toEqual(alone[i].dataSync());
      });
    }
  });

  describe.each([
    { cap: undefined, hasMask: false },
    { cap: undefined, hasMask: true },
    { cap: 0.8, hasMask: false },
    { cap: 0.8, hasMask: true },
  ])('attention head by head, scores within a cap of $cap, a mask: $hasMask', ({ cap, hasMask }) => {
    // Of 2 samples, 3 heads; 2 of 4 tokens ask.
    const [samples, heads, asking, tokens, size, scale] = [2, 3, 2, 4, 5, 0.7];
    const [q, k, v] = [asking, tokens, tokens].map((count, i) =>
      values(samples * heads * count * size, 1 + i, 2),
    );
    const isSeen = (query: number, key: number) => !hasMask || (query + key) % 3 !== 0;

    it('agrees in value and weights, and what is not seen weighs nothing', () => {
      const weights = new Float64Array(samples * heads * asking * tokens);
      const context = new Float64Array(q.length);
      for (let head = 0; head < samples * heads; head++) {
        for (let t = 0; t < asking; t++) {
          const row = head * asking + t;
          const own = Array.from({ length: tokens }, (_, s) => {
            let score = 0;
            for (let i = 0; i < size; i++)
              score += scale * q[row * size + i] * k[(head * tokens + s) * size + i];
            if (!isSeen(t, s)) return 0;
            return Math.exp(cap === undefined ? score : cap * Math.tanh(score / cap));
          });
          const total = own.reduce((a, b) => a + b);
          own.forEach((weight, s) => {
            weights[row * tokens + s] = weight / total;
            for (let i = 0; i < size; i++)
              context[row * size + i] += (weight / total) * v[(head * tokens + s) * size + i];
          });
        }
      }
      const of = (x: Float64Array, count: number) =>
        tf.tensor4d(Float32Array.from(x), [samples, heads, count, size]);
      const mask = tf.tensor2d(
        Array.from({ length: asking }, (_, t) =>
          Array.from({ length: tokens }, (_, s) => (isSeen(t, s) ? 0 : -1e9)),
        ),
      );
      const scoring = { scale, cap, ...(hasMask && { mask }) };
      const found = attendHeads(of(q, asking), of(k, tokens), of(v, tokens), scoring);
      expect(found.context.shape).toEqual([samples, heads, asking, size]);
      expect(relativeError(found.context.dataSync(), context)).toBeLessThan(TOLERANCE);
      expect(relativeError(found.weights.dataSync(), weights)).toBeLessThan(TOLERANCE);
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

    it('of other samples join token by token, and each side gets its part of the gradient', () => {
      // 2 tokens of 1 sample and of 2 samples: rows [t0 n0, t1 n0] and [t0 n1, t0 n2, t1 n1, t1 n2].
      const [first, second] = [tf.tensor2d([[10], [20]]), tf.tensor2d([[11], [12], [21], [22]])];
      const dy = () => tf.tensor2d([[1], [2], [3], [4], [5], [6]]);
      const ofFirst = tf.valueAndGrad((x: tf.Tensor2D) => joinRows(x, second, 2))(first, dy());
      const ofSecond = tf.valueAndGrad((x: tf.Tensor2D) => joinRows(first, x, 2))(second, dy());
      expect(Array.from(ofFirst.value.dataSync())).toEqual([10, 11, 12, 20, 21, 22]);
      expect(Array.from(ofFirst.grad.dataSync())).toEqual([1, 4]);
      expect(Array.from(ofSecond.grad.dataSync())).toEqual([2, 3, 5, 6]);
    });
  });
});
