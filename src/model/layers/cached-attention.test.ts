/** A new token's attention to traced ones, against plain double-precision loops, its gradients against their differences. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { affine, expectAgreement, tensor, values, vector } from '../../testing/layer-agreement.js';
import { add } from './add.js';
import { cachedAttention } from './cached-attention.js';

describe.each(await enginesHere())('on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  describe('attention to traced tokens', () => {
    // 2 prompts of 3 steps, 4 traced tokens, 2 heads of size 2.
    const [prompts, steps, earlier, heads, size] = [2, 3, 4, 2, 2];
    const [samples, hidden, scale] = [prompts * steps, heads * size, 0.7];
    const traced = prompts * heads * earlier * size;
    const [keys, rows] = [values(traced, 4, 2), values(traced, 5, 2)];

    /** Sample by sample and head by head: the traced tokens of its prompt, then its own. */
    function reference(q: Float64Array, k: Float64Array, v: Float64Array, earlier: number): Float64Array {
      const out = new Float64Array(q.length);
      for (let n = 0; n < samples; n++) {
        for (let h = 0; h < heads; h++) {
          const own = n * hidden + h * size;
          const at = (s: number) => ((Math.floor(n / steps) * heads + h) * earlier + s) * size;
          const seen = (all: Float64Array, one: Float64Array, s: number, i: number) =>
            s === earlier ? one[own + i] : all[at(s) + i];
          const weights = Array.from({ length: earlier + 1 }, (_, s) => {
            let score = 0;
            for (let i = 0; i < size; i++) score += q[own + i] * seen(keys, k, s, i);
            return Math.exp(score * scale);
          });
          const total = weights.reduce((a, b) => a + b);
          weights.forEach((weight, s) => {
            for (let i = 0; i < size; i++) out[own + i] += (weight / total) * seen(rows, v, s, i);
          });
        }
      }
      return out;
    }

    const [w, b] = [values(hidden * 3 * hidden, 6), values(3 * hidden, 7)];
    const weights = { weight: tensor(w, hidden), bias: vector(b) };
    const attended = (x: Float64Array, earlier: number) => {
      const all = affine(x, samples, w, b);
      const [q, k, v] = [0, 1, 2].map(part =>
        Float64Array.from({ length: samples * hidden }, (_, i) => {
          const [sample, column] = [Math.floor(i / hidden), i % hidden];
          return all[sample * 3 * hidden + part * hidden + column];
        }),
      );
      return reference(q, k, v, earlier);
    };

    it('agrees in value and gradient', () => {
      const shape: [number, number, number, number] = [prompts, heads, earlier, size];
      const cache = {
        key: tf.tensor4d(Float32Array.from(keys), shape),
        value: tf.tensor4d(Float32Array.from(rows), shape),
      };
      expectAgreement(
        x => cachedAttention(x, weights, cache, { prompts, heads, scale }),
        x => attended(x, earlier),
        values(samples * hidden, 1, 2),
        samples,
      );
    });

    it('takes rows that lie in any order, some prompts having fewer, to places of their own and back', () => {
      const shape: [number, number, number, number] = [prompts, heads, earlier, size];
      const cache = {
        key: tf.tensor4d(Float32Array.from(keys), shape),
        value: tf.tensor4d(Float32Array.from(rows), shape),
      };
      // Rows of the second prompt, the first, the second; the first has two places left over.
      const arrangement = { places: [1, 0, 0, 0, 2, 1], back: [3, 0, 4] };
      const lying = (x: Float64Array) => {
        const full = Float64Array.from(arrangement.places, row => row);
        const arranged = new Float64Array(samples * hidden);
        full.forEach((row, place) => {
          arranged.set(x.subarray(row * hidden, (row + 1) * hidden), place * hidden);
        });
        const out = attended(arranged, earlier);
        return Float64Array.from(
          arrangement.back.flatMap(place => [...out.subarray(place * hidden, (place + 1) * hidden)]),
        );
      };
      expectAgreement(
        x => cachedAttention(x, weights, cache, { prompts, heads, scale, arrangement }),
        lying,
        values(3 * hidden, 1, 2),
        3,
      );
    });

    it('is the own value where a token sees itself alone', () => {
      expectAgreement(
        x => cachedAttention(x, weights, undefined, { prompts, heads, scale }),
        x => attended(x, 0),
        values(samples * hidden, 1, 2),
        samples,
      );
    });
  });

  it('a residual connection hands its gradient to both sides', () => {
    const [x, y] = [values(12, 1), values(12, 2)];
    const sum = (a: Float64Array, b: Float64Array) => a.map((v, i) => v + b[i]);
    expectAgreement(
      x => add(x, tensor(y, 3)),
      x => sum(x, y),
      x,
      3,
    );
    expectAgreement(
      y => add(tensor(x, 3), y),
      y => sum(x, y),
      y,
      3,
    );
    expectAgreement(
      x => add(x, x),
      x => sum(x, x),
      x,
      3,
    );
  });
});
