import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { loadModel } from '../model/load.js';
import { answerIds } from '../model/tokenizer/tokenizer.js';
import { startEngine } from '../runtime/engine.js';
import { relativeError } from '../testing/finite-differences.js';
import { ReferenceBert } from '../testing/reference-bert.js';
import { attribute } from './attribute.js';
import { METHODS } from './methods.js';
import type { AttributeOptions } from './score-prompts.js';

describe('a method', () => {
  const PROMPTS = ['france is governed from [MASK].', 'spain is governed from [MASK].'];
  const OPTIONS: Record<(typeof METHODS)[number], AttributeOptions> = {
    integrated_gradients: { method: 'integrated_gradients', rule: 'riemann_right', steps: 1 },
    gradient_x_activation: { method: 'gradient_x_activation' },
    activation: { method: 'activation' },
  };

  beforeAll(async () => {
    await startEngine('wasm');
  });

  async function demo() {
    const { model, tokenizer } = await loadModel(DEMO_MODEL);
    const encoded = PROMPTS.map(prompt => tokenizer.encode(prompt, model.maxTokens));
    const batch = {
      tokens: encoded.map(({ tokens }) => tokens),
      positions: encoded.map(({ position }) => position),
    };
    const [paris, madrid] = ['paris', 'madrid'].map(answer => answerIds(tokenizer, answer)[0]);
    return { model, batch, answers: [paris, madrid] };
  }

  it('is integrated gradients where none is named', async () => {
    const { model, batch, answers } = await demo();
    const { rule, steps } = { rule: 'riemann_right', steps: 1 } as const;
    expect(await attribute(model, batch, answers, { rule, steps })).toEqual(
      await attribute(model, batch, answers, OPTIONS.integrated_gradients),
    );
  });

  it('is gradient times activation where integrated gradients have one step, at alpha = 1', async () => {
    const { model, batch, answers } = await demo();
    expect(await attribute(model, batch, answers, OPTIONS.gradient_x_activation)).toEqual(
      await attribute(model, batch, answers, OPTIONS.integrated_gradients),
    );
  });

  it('is the activation, which no answer changes', async () => {
    const { model, batch, answers } = await demo();
    const scores = await attribute(model, batch, answers, OPTIONS.activation);
    expect(await attribute(model, batch, [...answers].reverse(), OPTIONS.activation)).toEqual(scores);
    const reference = await ReferenceBert.load(DEMO_MODEL);
    for (const prompt of [0, 1]) {
      const { activations } = reference.run(batch.tokens[prompt], batch.positions[prompt]);
      for (const layer of [0, 1])
        expect(relativeError(scores[prompt][layer], activations[layer])).toBeLessThan(1e-5);
    }
  });

  it.each(METHODS)(
    'scores a prompt alone as in a batch, and says when each layer is done: %s',
    async name => {
      const { model, batch, answers } = await demo();
      let scored = 0;
      const together = await attribute(model, batch, answers, OPTIONS[name], layers => {
        scored += layers;
      });
      expect(scored).toBe(2 * PROMPTS.length);
      const apart = await attribute(model, batch, answers, { ...OPTIONS[name], samplesAtOnce: 1 });
      for (const prompt of [0, 1]) {
        for (const layer of [0, 1])
          expect(relativeError(apart[prompt][layer], together[prompt][layer])).toBeLessThan(1e-6);
      }
    },
  );

  it.each(METHODS)('leaves no tensor behind: %s', async name => {
    const { model, batch, answers } = await demo();
    await attribute(model, batch, answers, OPTIONS[name]);
    const before = tf.memory().numTensors;
    for (let fact = 0; fact < 5; fact++) await attribute(model, batch, answers, OPTIONS[name]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
