/** The feed-forward network against plain double-precision loops, its gradients against central differences of those loops. */
import type * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { relativeError } from '../../testing/finite-differences.js';
import { affine, expectAgreement, tensor, values, vector } from '../../testing/layer-agreement.js';
import { gelu as exactGelu } from '../../testing/reference-loops.js';
import { SITES } from '../language-model.js';
import { contributions, contributionsOf, feedForward, toActivations } from './feed-forward.js';

describe.each(await enginesHere())('on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  describe('the feed-forward network', () => {
    it('may be taken in two halves, before or after the non-linearity', () => {
      const weights = {
        intermediate: { weight: tensor(values(6 * 10, 1), 6), bias: vector(values(10, 2)) },
        output: { weight: tensor(values(10 * 6, 3), 10), bias: vector(values(6, 4)) },
        nonlinearity: 'gelu_new' as const,
      };
      const x = tensor(values(5 * 6, 5), 5);
      const whole = contributions(x, weights).dataSync();
      for (const site of SITES) {
        const halves = contributionsOf(toActivations(x, weights, site), weights, site).dataSync();
        expect(relativeError(halves, whole)).toBeLessThan(5e-6); // float32, of sums that nearly cancel
      }
      expect(
        relativeError(
          toActivations(x, weights, 'post').dataSync(),
          toActivations(x, weights, 'pre').dataSync(),
        ),
      ).toBeGreaterThan(0.1);
    });

    it('is gelu between two affine maps', () => {
      const [w1, b1, w2, b2] = [values(6 * 10, 1), values(10, 2), values(10 * 6, 3), values(6, 4)];
      const weights = {
        intermediate: { weight: tensor(w1, 6), bias: vector(b1) },
        output: { weight: tensor(w2, 10), bias: vector(b2) },
        nonlinearity: 'gelu' as const,
      };
      const reference = (x: Float64Array) => affine(affine(x, 5, w1, b1).map(exactGelu), 5, w2, b2);
      const withoutBias = (x: Float64Array) => reference(x).map((v, i) => v - b2[i % 6]);
      expectAgreement(x => contributions(x, weights), withoutBias, values(5 * 6, 5), 5);
      const residual = values(5 * 6, 6);
      const withResidual = (x: Float64Array, residual: Float64Array) =>
        reference(x).map((v, i) => v + residual[i]);
      expectAgreement(
        x => feedForward(x, weights, tensor(residual, 5)),
        x => withResidual(x, residual),
        values(5 * 6, 5),
        5,
      );
      expectAgreement(
        residual => feedForward(tensor(values(5 * 6, 5), 5), weights, residual),
        residual => withResidual(values(5 * 6, 5), residual),
        residual,
        5,
      );
    });
  });

  describe('a feed-forward network that rows join on their way', () => {
    const [width, hidden] = [10, 6];
    const [w1, b1] = [values(hidden * width, 1), values(width, 2)];
    const [w2, b2] = [values(width * hidden, 3), values(hidden, 4)];

    // 4 rows go through, 2 begin behind them; the first of each group has a probe. Rows of both groups in turn, or of one.
    it.each(SITES.flatMap(site => [1, 2].map(groups => [site, groups] as const)))(
      'keeps the order of groups, and gives each its gradient: %s, %i groups',
      (site, groups) => {
        const weights = {
          intermediate: { weight: tensor(w1, hidden), bias: vector(b1) },
          output: { weight: tensor(w2, width), bias: vector(b2) },
          nonlinearity: 'gelu' as const,
        };
        const [rows, begun] = [4 / groups, 2 / groups];
        const all = {
          x: values(4 * hidden, 5),
          residual: values(6 * hidden, 6),
          begun: values(2 * width, 7),
          probe: new Float64Array(groups * width),
        };
        const reference = ({ x, residual, begun: joined, probe }: typeof all) => {
          const out: number[] = [];
          for (let group = 0; group < groups; group++) {
            const pre = affine(x.slice(group * rows * hidden, (group + 1) * rows * hidden), rows, w1, b1);
            const added = probe.slice(group * width, (group + 1) * width);
            const plus = (v: number, n: number) => v + (n < width ? added[n] : 0);
            const own = site === 'pre' ? pre.map(plus).map(exactGelu) : pre.map(exactGelu).map(plus);
            const behind = joined.slice(group * begun * width, (group + 1) * begun * width);
            out.push(...affine(Float64Array.from([...own, ...behind]), rows + begun, w2, b2));
          }
          return Float64Array.from(out, (v, i) => v + residual[i]);
        };
        const heights = { x: 4, residual: 6, begun: 2, probe: groups };
        for (const name of ['x', 'residual', 'begun', 'probe'] as const) {
          const tensorOf = (part: keyof typeof all, given: tf.Tensor2D) =>
            part === name ? given : tensor(all[part], heights[part]);
          expectAgreement(
            given =>
              feedForward(tensorOf('x', given), weights, tensorOf('residual', given), {
                begun: tensorOf('begun', given),
                probe: tensorOf('probe', given),
                site,
                groups,
              }),
            given => reference({ ...all, [name]: given }),
            all[name],
            heights[name],
          );
        }
      },
    );
  });
});
