/** Attention, and the arrangement of rows that it is made for, against plain double-precision loops. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { expectAgreement, tensor, values } from '../../testing/layer-agreement.js';
import { attention } from './attention.js';
import { joinRows, takeMaskRows, takeOtherRows, withMaskRows } from './mask-rows.js';

describe.each(await enginesHere())('on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
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
