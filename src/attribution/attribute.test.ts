import { basename } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { loadModel } from '../model/load.js';
import { answerIds } from '../model/tokenizer.js';
import { findNeurons } from '../neurons/find.js';
import { startEngine } from '../runtime/engine.js';
import { enginesHere } from '../testing/engines.js';
import { relativeError } from '../testing/finite-differences.js';
import { ReferenceBert } from '../testing/reference-bert.js';
import { describeWith, GOLDEN_BERT, GOLDEN_MODELS, type Golden, readGolden } from '../testing/shared.js';
import { type AttributeOptions, attribute } from './attribute.js';
import { METHODS } from './methods.js';

const RULES = ['riemann_endpoints', 'riemann_left', 'riemann_right', 'gausslegendre'] as const;
const SCORED = { threshold: { kind: 'adaptive', value: 0.3 }, share: 0.5 } as const;

/** A method as the golden file has it, which writes names with hyphens. */
function askedMethod({ method, rule, steps }: Golden['attribution'][number]): AttributeOptions {
  if (method === 'activation') return { method };
  if (method === 'gradient-x-activation') return { method: 'gradient_x_activation' };
  if (method === 'integrated-gradients' && rule && steps) return { rule, steps };
  throw new Error(`the golden file has no ${method}`);
}

describe.each(await enginesHere())('on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  for (const folder of GOLDEN_MODELS) {
    describeWith(folder, `the golden scores, computed in float64: ${basename(folder)}`, () => {
      const entries = readGolden(folder).attribution;

      it('come by all methods, rules and sites that the golden file has', () => {
        const single = entries.filter(({ target_ids }) => !target_ids);
        const names = single.map(({ site, method, rule }) => `${site} ${rule ?? method}`);
        const all = [...RULES, 'activation', 'gradient-x-activation'];
        const sites = folder === GOLDEN_BERT ? ['post'] : ['post', 'pre'];
        expect(names).toEqual(sites.flatMap(site => all.map(name => `${site} ${name}`)));
      });

      it.each(entries.flatMap(entry => [false, true].map(layersTogether => ({ ...entry, layersTogether }))))(
        'agree to a relative error of 1e-4: $target, $site, $method, $rule, $steps steps, all layers in one pass: $layersTogether',
        async ({ layersTogether, ...entry }) => {
          const { prompt, target, target_ids, site, steps, scores } = entry;
          const { model, tokenizer } = await loadModel(folder);
          const answer = answerIds(tokenizer, target);
          if (target_ids) expect(answer).toEqual(target_ids);
          const { prompts } = await findNeurons(model, [tokenizer.ask(prompt, answer, model.maxTokens)], {
            ...askedMethod(entry),
            ...SCORED,
            site,
            // A causal model takes layers apart where memory asks for it.
            ...(layersTogether ? { layersTogether } : { samplesAtOnce: steps ?? 1 }),
          });
          expect(
            relativeError(
              prompts[0].scores.flatMap(row => [...row]),
              scores.flat(),
            ),
          ).toBeLessThan(1e-4);
          model.dispose();
        },
      );
    });
  }
});

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
