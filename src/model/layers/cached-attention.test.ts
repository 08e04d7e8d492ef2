/** A new token's attention to traced ones, against plain double-precision loops, its gradients against their differences. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { affine, expectAgreement, tensor, values, vector } from '../../testing/layer-agreement.js';
import { add } from './add.js';
import { cachedAttention, gatherSeen, joinSeen } from './cached-attention.js';
import { linear } from './linear.js';

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

    /** Sample by sample and head by head: the traced tokens that its prompt sees, then its own. */
    function reference(
      [q, k, v]: Float64Array[],
      ofPrompts: readonly number[],
      cap: number | undefined,
    ): Float64Array {
      const out = new Float64Array(q.length);
      for (let n = 0; n < samples; n++) {
        const prompt = Math.floor(n / steps);
        const count = ofPrompts[prompt];
        for (let h = 0; h < heads; h++) {
          const own = n * hidden + h * size;
          const at = (s: number) => ((prompt * heads + h) * earlier + s) * size;
          const seen = (all: Float64Array, one: Float64Array, s: number, i: number) =>
            s === count ? one[own + i] : all[at(s) + i];
          const weights = Array.from({ length: count + 1 }, (_, s) => {
            let score = 0;
            for (let i = 0; i < size; i++) score += q[own + i] * seen(keys, k, s, i);
            score *= scale;
            return Math.exp(cap === undefined ? score : cap * Math.tanh(score / cap));
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
    const attended = (x: Float64Array, ofPrompts: readonly number[], cap?: number) => {
      const all = affine(x, samples, w, b);
      const parts = [0, 1, 2].map(part =>
        Float64Array.from({ length: samples * hidden }, (_, i) => {
          const [sample, column] = [Math.floor(i / hidden), i % hidden];
          return all[sample * 3 * hidden + part * hidden + column];
        }),
      );
      return reference(parts, ofPrompts, cap);
    };

    const cacheOf = (seen: number[]) => {
      const shape: [number, number, number, number] = [prompts, heads, earlier, size];
      return {
        key: tf.tensor4d(Float32Array.from(keys), shape),
        value: tf.tensor4d(Float32Array.from(rows), shape),
        seen,
      };
    };

    it.each([
      ['where all prompts see as many', [4, 4]],
      ['where one sees fewer than another', [4, 1]],
      ['where one sees itself alone', [0, 3]],
    ])('agrees in value and gradient %s, scores capped and not', (_, seen) => {
      const cache = cacheOf(seen);
      // Without a cap the engine's own kernel is asked, if it has one. Scores are some 3 at most.
      for (const cap of [undefined, 50, 0.8])
        expectAgreement(
          x => cachedAttention(linear(x, weights), cache, { prompts, heads, scale, cap }),
          x => attended(x, seen, cap),
          values(samples * hidden, 1, 2),
          samples,
        );
    });

    it.each([undefined, 0.8])(
      'takes rows that lie in any order, some prompts having fewer, to places of their own and back: cap %s',
      cap => {
        const cache = cacheOf([4, 2]);
        // Rows of the second prompt, the first, the second; the first has two places left over.
        const arrangement = { places: [1, 0, 0, 0, 2, 1], back: [3, 0, 4] };
        const lying = (x: Float64Array) => {
          const full = Float64Array.from(arrangement.places, row => row);
          const arranged = new Float64Array(samples * hidden);
          full.forEach((row, place) => {
            arranged.set(x.subarray(row * hidden, (row + 1) * hidden), place * hidden);
          });
          const out = attended(arranged, [4, 2], cap);
          return Float64Array.from(
            arrangement.back.flatMap(place => [...out.subarray(place * hidden, (place + 1) * hidden)]),
          );
        };
        expectAgreement(
          x => cachedAttention(linear(x, weights), cache, { prompts, heads, scale, cap, arrangement }),
          lying,
          values(3 * hidden, 1, 2),
          3,
        );
      },
    );

    it('is the own value where a token sees itself alone', () => {
      for (const cap of [undefined, 0.8])
        expectAgreement(
          x => cachedAttention(linear(x, weights), undefined, { prompts, heads, scale, cap }),
          x => attended(x, [0, 0]),
          values(samples * hidden, 1, 2),
          samples,
        );
    });
  });

  describe('what groups of prompts see', () => {
    const part = (values: number[], seen: number[], most: number) => {
      const side = tf.tensor4d(values, [seen.length, 1, most, 1]);
      return { key: side, value: tf.neg<tf.Tensor4D>(side), seen };
    };

    it('is joined in the order of all prompts, ending in zeros', () => {
      const joined = joinSeen([part([1, 2], [1, 1], 1), undefined, part([3, 4], [2], 2)], [[3, 0], [1], [2]]);
      expect(joined?.seen).toEqual([1, 0, 2, 1]);
      expect([...(joined?.key.dataSync() ?? [])]).toEqual([2, 0, 0, 0, 3, 4, 1, 0]);
      expect(
        tf
          .add(joined?.key ?? 1, joined?.value ?? 0)
          .dataSync()
          .every(sum => sum === 0),
      ).toBe(true);
    });

    it('is nothing where none sees any', () => {
      expect(joinSeen([undefined, undefined], [[1], [0]])).toBeUndefined();
    });

    it('is taken of some', () => {
      const { key, seen } = gatherSeen(part([1, 2, 3, 4, 5, 6], [2, 1, 2], 2), [0, 2]);
      expect([...key.dataSync()]).toEqual([1, 2, 5, 6]);
      expect(seen).toEqual([2, 2]);
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
