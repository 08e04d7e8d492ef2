/** Where the steps of a layer begin, against plain double-precision loops, its gradients against their differences. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { affine, expectAgreement, tensor, values, vector } from '../../testing/layer-agreement.js';
import { geluNew } from '../../testing/reference-gpt.js';
import { SITES } from '../language-model.js';
import type { FeedForwardWeights } from '../layers/feed-forward.js';
import { beginSteps, type LastToken, networkWithSteps } from './network-with-steps.js';

describe.each(await enginesHere())('the steps that join a pass, on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  // 2 prompts, each with 3 rows from earlier layers, the first of them unchanged; 2 steps begin.
  const [prompts, earlier, unchanged, width, hidden] = [2, 3, 1, 5, 4];
  const samples = prompts * earlier;
  const alphas = [0, 0.4];
  const [w1, b1] = [values(hidden * width, 6), values(width, 7)];
  const [w2, b2, nothing] = [values(width * hidden, 1), values(hidden, 2), new Float64Array(hidden)];
  const [a, base] = [values(prompts * width, 3, 2), values(prompts * hidden, 4)];
  const [normalized, attended] = [values(samples * hidden, 5), values(samples * hidden, 8)];
  const zeros = new Float64Array(prompts * width);

  describe.each(SITES)('at the site %s', site => {
    const past = (x: Float64Array) => (site === 'pre' ? x.map(geluNew) : x);
    const contributions = (x: Float64Array) => affine(past(x), x.length / width, w2, nothing);
    // Made outside of what is differentiated, which disposes of all that it makes.
    let last: LastToken;
    let network: FeedForwardWeights;
    beforeAll(() => {
      last = {
        activations: tensor(a, prompts),
        contribution: tensor(contributions(a), prompts),
        base: tensor(base, prompts),
      };
      network = {
        intermediate: { weight: tensor(w1, hidden), bias: vector(b1) },
        output: { weight: tensor(w2, width), bias: vector(b2) },
        nonlinearity: 'gelu_new',
      };
    });
    const steps = (alphas: readonly number[], probe: tf.Tensor2D) => ({ last, network, site, alphas, probe });

    /** What a prompt's activations, scaled and moved by the probe, add to its row. */
    const contributionOf = (prompt: number, alpha: number, probe: Float64Array) =>
      contributions(
        Float64Array.from(
          { length: width },
          (_, n) => alpha * a[prompt * width + n] + probe[prompt * width + n],
        ),
      );
    const begun = (prompt: number, alphas: readonly number[], probe: Float64Array) =>
      alphas.flatMap(alpha =>
        Array.from(contributionOf(prompt, alpha, probe), (v, i) => v + base[prompt * hidden + i]),
      );

    /** Rows from before, through the network, the unchanged one with what the probe adds to it here; then the steps. */
    function joined(normalized: Float64Array, attended: Float64Array, probe: Float64Array): Float64Array {
      const through = affine(affine(normalized, samples, w1, b1).map(geluNew), samples, w2, b2);
      const rows: number[] = [];
      for (let prompt = 0; prompt < prompts; prompt++) {
        const [own, moved] = [zeros, probe].map(probe => contributionOf(prompt, 1, probe));
        for (let row = 0; row < earlier; row++) {
          for (let i = 0; i < hidden; i++) {
            const at = (prompt * earlier + row) * hidden + i;
            rows.push(through[at] + attended[at] + (row < unchanged ? moved[i] - own[i] : 0));
          }
        }
        rows.push(...begun(prompt, alphas, probe));
      }
      return Float64Array.from(rows);
    }
    const join = (normalized: tf.Tensor2D, attended: tf.Tensor2D, probe: tf.Tensor2D) =>
      networkWithSteps(normalized, attended, steps(alphas, probe), unchanged);

    it('stand behind the rows that come through the network, which keep their gradients', () => {
      expectAgreement(
        x => join(x, tensor(attended, samples), tensor(zeros, prompts)),
        x => joined(x, attended, zeros),
        normalized,
        samples,
      );
      expectAgreement(
        x => join(tensor(normalized, samples), x, tensor(zeros, prompts)),
        x => joined(normalized, x, zeros),
        attended,
        samples,
      );
    });

    it('send their gradients and those of the unchanged rows to the probe, as a sum', () => {
      expectAgreement(
        probe => join(tensor(normalized, samples), tensor(attended, samples), probe),
        probe => joined(normalized, attended, probe),
        zeros,
        prompts,
      );
    });

    it('are all there is in the first layer, the one at alpha = 1 among them', () => {
      const every = [1, ...alphas];
      expectAgreement(
        probe => beginSteps(steps(every, probe)),
        probe => Float64Array.from([0, 1].flatMap(prompt => begun(prompt, every, probe))),
        zeros,
        prompts,
      );
    });

    it('leave no tensor behind', () => {
      const [x, y, probe] = [tensor(normalized, samples), tensor(attended, samples), tensor(zeros, prompts)];
      const own = steps(alphas, probe);
      const count = tf.memory().numTensors;
      networkWithSteps(x, y, own, unchanged).dispose();
      beginSteps(own).dispose();
      expect(tf.memory().numTensors).toBe(count);
    });
  });
});
