/** Where the steps of a layer begin, against plain double-precision loops, its gradients against their differences. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { affine, expectAgreement, tensor, values, vector } from '../../testing/layer-agreement.js';
import { geluNew } from '../../testing/reference-gpt.js';
import { SITES, type Site } from '../language-model.js';
import { joinSteps } from './join-steps.js';

describe.each(await enginesHere())('the steps that join a pass, on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  // 2 prompts, each with 3 rows from earlier layers, the first of them unchanged; 2 steps begin.
  const [prompts, earlier, unchanged, width, hidden] = [2, 3, 1, 5, 4];
  const alphas = [0, 0.4];
  const [w, b] = [values(width * hidden, 1), values(hidden, 2)];
  const [a, base] = [values(prompts * width, 3, 2), values(prompts * hidden, 4)];
  const before = values(prompts * earlier * hidden, 5);
  const none = new Float64Array(width * hidden);
  const setup = (site: Site) => {
    const past = (x: Float64Array) => (site === 'pre' ? x.map(geluNew) : x);
    const network = {
      intermediate: { weight: tensor(none, hidden), bias: vector(new Float64Array(width)) },
      output: { weight: tensor(w, width), bias: vector(b) },
      nonlinearity: 'gelu_new' as const,
    };
    const contribution = affine(past(a), prompts, w, new Float64Array(hidden));
    const last = {
      activations: tensor(a, prompts),
      contribution: tensor(contribution, prompts),
      base: tensor(base, prompts),
    };
    const outputs = (x: Float64Array) => affine(past(x), x.length / width, w, new Float64Array(hidden));
    return { steps: { network, site, alphas }, last, contribution, outputs };
  };
  const scaled = (prompt: number, alpha: number, probe: Float64Array) =>
    Float64Array.from({ length: width }, (_, n) => alpha * a[prompt * width + n] + probe[prompt * width + n]);

  describe.each(SITES)('at the site %s', site => {
    const { steps, last, contribution, outputs } = setup(site);

    /** Rows of each prompt: those from before, the unchanged one with what the probe adds to it here; then the steps. */
    function joined(before: Float64Array, probe: Float64Array): Float64Array {
      const rows: number[] = [];
      for (let prompt = 0; prompt < prompts; prompt++) {
        const own = contribution.subarray(prompt * hidden, (prompt + 1) * hidden);
        const changed = outputs(scaled(prompt, 1, probe));
        for (let row = 0; row < earlier; row++)
          for (let i = 0; i < hidden; i++)
            rows.push(
              before[(prompt * earlier + row) * hidden + i] + (row < unchanged ? changed[i] - own[i] : 0),
            );
        for (const alpha of alphas)
          rows.push(...outputs(scaled(prompt, alpha, probe)).map((v, i) => v + base[prompt * hidden + i]));
      }
      return Float64Array.from(rows);
    }
    const zeros = new Float64Array(prompts * width);

    it('stand behind the rows that began before, which keep their gradient', () => {
      expectAgreement(
        x => joinSteps(x, tensor(zeros, prompts), last, { ...steps, unchanged }),
        x => joined(x, zeros),
        before,
        prompts * earlier,
      );
    });

    it('send their gradients and those of the unchanged rows to the probe, as a sum', () => {
      expectAgreement(
        probe => joinSteps(tensor(before, prompts * earlier), probe, last, { ...steps, unchanged }),
        probe => joined(before, probe),
        zeros,
        prompts,
      );
    });

    it('are all there is in the first layer, the one at alpha = 1 among them', () => {
      const every = [1, ...alphas];
      expectAgreement(
        probe => joinSteps(undefined, probe, last, { ...steps, alphas: every, unchanged: 0 }),
        probe =>
          Float64Array.from(
            Array.from({ length: prompts }, (_, prompt) =>
              every.flatMap(alpha =>
                Array.from(outputs(scaled(prompt, alpha, probe)), (v, i) => v + base[prompt * hidden + i]),
              ),
            ).flat(),
          ),
        zeros,
        prompts,
      );
    });

    it('leave no tensor behind', () => {
      const [x, probe] = [tensor(before, prompts * earlier), tensor(zeros, prompts)];
      const count = tf.memory().numTensors;
      joinSteps(x, probe, last, { ...steps, unchanged }).dispose();
      expect(tf.memory().numTensors).toBe(count);
    });
  });
});
