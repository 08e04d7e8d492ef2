import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import { answerIds } from '../model/tokenizer/tokenizer.js';
import { startEngine } from '../runtime/engine.js';
import { gradientOf, relativeError } from '../testing/finite-differences.js';
import { ReferenceBert } from '../testing/reference-bert.js';
import { attribute } from './attribute.js';
import { convergenceDeltas } from './convergence.js';
import { quadrature, RULES } from './rules.js';

let demo: LoadedModel;

beforeAll(async () => {
  await startEngine('wasm');
  demo = await loadModel(DEMO_MODEL);
});

function ask({ model, tokenizer }: LoadedModel, prompts: readonly string[], answer: string) {
  const encoded = prompts.map(prompt => tokenizer.encode(prompt, model.maxTokens));
  return {
    batch: {
      tokens: encoded.map(({ tokens }) => tokens),
      positions: encoded.map(({ position }) => position),
    },
    answers: prompts.map(() => answerIds(tokenizer, answer)[0]),
  };
}

describe('integrated gradients', () => {
  it.each(RULES)(
    'are the weighted sum of gradients times activations: %s against finite differences',
    async rule => {
      const reference = await ReferenceBert.load(DEMO_MODEL);
      const { batch, answers } = ask(demo, ['france is governed from [MASK].'], 'paris');
      const [tokens, mask] = [batch.tokens[0], batch.positions[0]];
      const [scores] = await attribute(demo.model, batch, answers, { rule, steps: 3, path: 'exact' });
      const { alphas, weights } = quadrature(rule, 3);
      const { activations } = reference.run(tokens, mask);
      for (const layer of [0, 1]) {
        // The neurons that matter most, and some that do not.
        const sorted = [...scores[layer].keys()].sort(
          (a, b) => Math.abs(scores[layer][b]) - Math.abs(scores[layer][a]),
        );
        const sample = [...sorted.slice(0, 6), ...sorted.slice(-2)];
        const probability = (x: Float64Array) =>
          reference.run(tokens, mask, (at, values) => at === layer && values.set(x)).probabilities[
            answers[0]
          ];
        const expected = sample.map(() => 0);
        alphas.forEach((alpha, k) => {
          const at = activations[layer].map(a => alpha * a);
          gradientOf(probability, at, sample).forEach((slope, i) => {
            expected[i] += activations[layer][sample[i]] * weights[k] * slope;
          });
        });
        // Differences in doubles are good to 1e-8, scores in float32 to about 1e-6.
        expect(
          relativeError(
            sample.map(i => scores[layer][i]),
            expected,
          ),
        ).toBeLessThan(1e-5);
      }
    },
  );

  it('do not depend on the prompts that share a batch, nor on the order', async () => {
    const prompts = ['france is governed from [MASK].', 'spain is governed from [MASK].'];
    const options = { rule: 'riemann_endpoints', steps: 20 } as const;
    const { batch, answers } = ask(demo, prompts, 'paris');
    const together = await attribute(demo.model, batch, answers, options);
    const alone = await attribute(demo.model, ask(demo, [prompts[1]], 'paris').batch, [answers[1]], options);
    for (const layer of [0, 1]) expect(relativeError(together[1][layer], alone[0][layer])).toBeLessThan(1e-6);
  });

  it.each(RULES)(
    'are the same to the last bit however few passes go through the model at once: %s',
    async rule => {
      const { batch, answers } = ask(
        demo,
        ['france is governed from [MASK].', 'spain is governed from [MASK].'],
        'paris',
      );
      const options = { rule, steps: 5 } as const;
      const whole = await attribute(demo.model, batch, answers, options);
      for (const samplesAtOnce of [1, 3]) {
        const cut = await attribute(demo.model, batch, answers, { ...options, samplesAtOnce });
        expect(cut).toEqual(whole);
      }
    },
  );

  it('say when layers are done, each once, in whatever parts', async () => {
    const { batch, answers } = ask(demo, ['france is governed from [MASK].'], 'paris');
    for (const samplesAtOnce of [1, 3, 100]) {
      const told: number[] = [];
      const options = { rule: 'riemann_left', steps: 4, path: 'exact', samplesAtOnce } as const;
      await attribute(demo.model, batch, answers, options, layers => told.push(layers));
      expect(told).toEqual(samplesAtOnce === 100 ? [2] : [1, 1]);
    }
  });

  it('add up to what they explain, the better the finer the rule', async () => {
    const { batch, answers } = ask(demo, ['france is governed from [MASK].'], 'paris');
    const queries = [{ tokens: batch.tokens[0], position: batch.positions[0], answer: answers[0] }];
    const delta = async (steps: number) => {
      const [scores] = await attribute(demo.model, batch, answers, {
        rule: 'gausslegendre',
        steps,
      });
      return Math.max(...(await convergenceDeltas(demo.model, queries, scores)).map(Math.abs));
    };
    expect(await delta(50)).toBeLessThan(1e-5);
    expect(await delta(2)).toBeGreaterThan(await delta(50));
  });

  it('leave no tensor behind over many facts', async () => {
    const { batch, answers } = ask(demo, ['france is governed from [MASK].'], 'paris');
    const run = () => attribute(demo.model, batch, answers, { rule: 'riemann_endpoints', steps: 4 });
    await run();
    const before = tf.memory().numTensors;
    for (let fact = 0; fact < 20; fact++) await run();
    expect(tf.memory().numTensors).toBe(before);
  });
});
