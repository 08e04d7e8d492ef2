import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { readModelConfig } from '../model/config.js';
import { loadModel } from '../model/load.js';
import { answerIds } from '../model/tokenizer/tokenizer.js';
import { startEngine } from '../runtime/engine.js';
import { productsThatRun } from '../testing/products-that-run.js';
import {
  describeWith,
  GOLDEN_DECODERS,
  GOLDEN_ENCODERS,
  GOLDEN_GPT_NEO,
  GOLDEN_GPT2,
} from '../testing/shared.js';
import { attribute } from './attribute.js';
import { countOperations, countPoints } from './count-operations.js';
import { gradientXActivation } from './gradient-x-activation.js';
import { gradientsAlongPaths } from './path-gradients.js';
import { RULES, type Rule } from './rules.js';

beforeAll(async () => {
  await startEngine('wasm');
});

async function compare(
  folder: string,
  prompt: string,
  answer: string,
  rule: Rule,
  steps: number,
  samplesAtOnce?: number,
) {
  const { model, tokenizer } = await loadModel(folder);
  const { tokens, position } = tokenizer.encode(prompt, model.maxTokens);
  const ran = await productsThatRun(() =>
    attribute(model, { tokens: [tokens], positions: [position] }, [answerIds(tokenizer, answer)[0]], {
      rule,
      steps,
      path: 'exact',
      ...(samplesAtOnce !== undefined && { samplesAtOnce }),
    }),
  );
  const counted = countOperations(await readModelConfig(folder), tokens.length, rule, steps);
  return { ran, counted: counted.total };
}

describe('the operation count', () => {
  it.each(RULES)('is that of the products which run, for a model of 2 layers: %s', async rule => {
    const { ran, counted } = await compare(DEMO_MODEL, 'france is governed from [MASK].', 'paris', rule, 5);
    expect(ran).toBe(counted);
  });

  it('is that of one step of riemann_right for gradient times activation', async () => {
    const { model, tokenizer } = await loadModel(DEMO_MODEL);
    const { tokens, position } = tokenizer.encode('france is governed from [MASK].', model.maxTokens);
    const batch = { tokens: [tokens], positions: [position] };
    const ran = await productsThatRun(() =>
      gradientXActivation(model, batch, answerIds(tokenizer, 'paris'), {}),
    );
    expect(ran).toBe(countOperations(model, tokens.length, 'riemann_right', 1).total);
  });

  it('is 446.6e9 for bert-base, 14 tokens and 20 steps: less than half of passes that reuse nothing', () => {
    const bertBase = { layers: 12, hiddenSize: 768, intermediateSize: 3072, vocabularySize: 30522 };
    expect(countOperations(bertBase, 14, 'riemann_endpoints', 20).total / 1e9).toBeCloseTo(446.6, 1);
    // Whole passes: for each of 12 layers 20 steps of 14 rows through 12 layers and the vocabulary, both ways.
    const whole = 12 * 20 * 14 * 2 * 2 * (12 * (4 * 768 ** 2 + 2 * 768 * 3072) + 768 * 30522);
    expect(countOperations(bertBase, 14, 'riemann_endpoints', 20).total / whole).toBeLessThan(0.35);
  });
});

/** Of one prompt with 3 points in the first layer, none in the second, 1 in the third, and the pass at alpha = 1. */
async function comparePoints(folder: string, prompt: string) {
  const { model, tokenizer } = await loadModel(folder);
  const { tokens, position } = tokenizer.encode(prompt, model.maxTokens);
  const layersOfPoints = [0, 0, 0, 2];
  const points = layersOfPoints.map((layer, i) => ({ layer, prompt: 0, alpha: i / 4 }));
  const batch = { tokens: [tokens], positions: [position] };
  const counts: { ran: number; counted: number }[] = [];
  for (const whole of [true, false]) {
    const ran = await productsThatRun(() => gradientsAlongPaths(model, batch, [7], { points, whole }, {}));
    const config = await readModelConfig(folder);
    const pointsOfLayer = Array.from(
      { length: model.layers },
      (_, layer) => layersOfPoints.filter(of => of === layer).length,
    );
    counts.push({ ran, counted: countPoints(config, tokens.length, pointsOfLayer, whole).total });
  }
  return counts;
}

for (const folder of GOLDEN_ENCODERS) {
  const prompt = 'the capital of france is [MASK] .';
  describeWith(folder, `the operation count of ${basename(folder)}`, () => {
    it.each(RULES)('is that of the products which run, for a model of 4 layers: %s', async rule => {
      const { ran, counted } = await compare(folder, prompt, 'paris', rule, 3);
      expect(ran).toBe(counted);
    });

    it('is that of the products which run for any points', async () => {
      for (const { ran, counted } of await comparePoints(folder, prompt)) expect(ran).toBe(counted);
    });
  });
}

for (const folder of [GOLDEN_GPT2, GOLDEN_GPT_NEO, ...GOLDEN_DECODERS]) {
  describeWith(folder, `the operation count of ${basename(folder)}`, () => {
    it.each(RULES)('is that of the products which run: %s', async rule => {
      const prompt = 'The capital of the largest country is';
      const { ran, counted } = await compare(folder, prompt, 'Paris', rule, 3);
      expect(ran).toBe(counted);
    });

    it('is that where a token sees itself alone, too', async () => {
      const { ran, counted } = await compare(folder, 'a', 'Paris', 'riemann_endpoints', 3);
      expect(ran).toBe(counted);
    });

    it('is that of the products which run for any points', async () => {
      for (const { ran, counted } of await comparePoints(folder, 'a b c')) expect(ran).toBe(counted);
    });

    it('is that however few rows go through the model at once', async () => {
      const { ran, counted } = await compare(folder, 'a b c', 'Paris', 'riemann_left', 3, 2);
      expect(ran).toBe(counted);
    });
  });
}

describe("the operation count at GPT-2's shape, 12 tokens and 20 steps", () => {
  it('has one token a step, and nothing else', () => {
    const [layers, hiddenSize, intermediateSize, vocabularySize] = [12, 768, 3072, 50257];
    const attention = Array.from({ length: layers }, () => ({ window: null }));
    const gpt2 = { layers, hiddenSize, intermediateSize, vocabularySize, attention };
    const { trace, total } = countOperations(gpt2, 12, 'riemann_endpoints', 20);
    // By hand: 19 rows for each layer and one for all through the vocabulary, and those of the layers before through each
    // whole layer, whose 11 traced keys and values are a product each; in their own its second feed-forward matrix. All of it
    // once forward and once backward.
    const [h, f] = [hiddenSize, intermediateSize];
    const layer = 4 * h * h + 2 * h * f + 2 * 11 * h;
    const through = (12 * 19 + 1) * (vocabularySize * h + f * h) + (66 * 19 + 11) * layer;
    expect(total - trace).toBe(2 * 2 * through);
    expect(total / 1e9).toBeCloseTo(75.3, 1);
  });
});
