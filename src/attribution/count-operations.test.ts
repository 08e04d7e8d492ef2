import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { loadModel } from '../model/load.js';
import { answerIds } from '../model/tokenizer.js';
import { startEngine } from '../runtime/engine.js';
import { describeWith, GOLDEN_BERT } from '../testing/shared.js';
import { countOperations } from './count-operations.js';
import { gradientXActivation } from './gradient-x-activation.js';
import { integratedGradients } from './integrated-gradients.js';
import { RULES, type Rule } from './rules.js';

beforeAll(async () => {
  await startEngine('wasm');
});

/** The operations of the matrix products that ran: 2 x the elements of the result x the shared dimension. */
async function productsThatRun(body: () => Promise<unknown>): Promise<number> {
  const { kernels } = await tf.profile(async () => {
    await body();
    return tf.scalar(0);
  });
  return kernels
    .filter(({ name }) => name === 'BatchMatMul')
    .reduce((sum, { inputShapes: [a, b], outputShapes: [out] }) => {
      const shared = tf.util.sizeFromShape(a ?? []) * tf.util.sizeFromShape(b ?? []);
      const size = tf.util.sizeFromShape(out);
      // For a [.., n, k] and b [.., k, m] of the same batches: |a| |b| / |out| = batches k^2.
      const batches = out.slice(0, -2).reduce((product, n) => product * n, 1);
      return sum + 2 * size * Math.sqrt(shared / size / batches);
    }, 0);
}

async function compare(
  folder: string,
  prompt: string,
  answer: string,
  rule: Rule,
  steps: number,
  layersTogether = false,
) {
  const { model, tokenizer } = await loadModel(folder);
  const { tokens, position } = tokenizer.encode(prompt, model.maxTokens);
  const ran = await productsThatRun(() =>
    integratedGradients(
      model,
      { tokens: [tokens], positions: [position] },
      [answerIds(tokenizer, answer)[0]],
      {
        rule,
        steps,
        layersTogether,
      },
    ),
  );
  return { ran, counted: countOperations(model, tokens.length, rule, steps).total };
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

describeWith(GOLDEN_BERT, 'the operation count', () => {
  it.each(RULES)('is that of the products which run, for a model of 4 layers: %s', async rule => {
    const { ran, counted } = await compare(
      GOLDEN_BERT,
      'the capital of france is [MASK] .',
      'paris',
      rule,
      3,
    );
    expect(ran).toBe(counted);
  });

  it('is the same with the steps of all layers in one pass', async () => {
    const { ran, counted } = await compare(
      GOLDEN_BERT,
      'the capital of france is [MASK] .',
      'paris',
      'riemann_endpoints',
      3,
      true,
    );
    expect(ran).toBe(counted);
  });
});
