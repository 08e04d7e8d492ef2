import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { attribute } from '../../src/attribution/attribute.js';
import { Checkpoint } from '../../src/model/checkpoint/checkpoint.js';
import { readModelConfig } from '../../src/model/config.js';
import { loadDecoderWeights } from '../../src/model/decoder/model.js';
import { isEncoder } from '../../src/model/encoder/config.js';
import { loadModel } from '../../src/model/load.js';
import { answerIds } from '../../src/model/tokenizer/tokenizer.js';
import { startEngine } from '../../src/runtime/engine.js';
import { relativeError } from '../../src/testing/finite-differences.js';
import { productsThatRun } from '../../src/testing/products-that-run.js';
import { describeWith, GOLDEN_GPT_NEO, GOLDEN_GPT2 } from '../../src/testing/shared.js';
import { countFullPasses, scoresByFullPasses } from './full-passes.js';

beforeAll(async () => {
  await startEngine('wasm');
});

for (const folder of [GOLDEN_GPT2, GOLDEN_GPT_NEO]) {
  describeWith(folder, 'passes that reuse nothing', () => {
    it('give the scores that kn gives, by the products that are counted', async () => {
      const config = await readModelConfig(folder);
      if (isEncoder(config)) throw new Error('no GPT');
      const checkpoint = await Checkpoint.open(folder);
      const weights = await loadDecoderWeights(checkpoint, config);
      await checkpoint.close();
      const { model, tokenizer } = await loadModel(folder);
      const [query] = tokenizer.ask(
        'The capital of France is',
        answerIds(tokenizer, 'Paris'),
        model.maxTokens,
      );
      const tensors = tf.memory().numTensors;
      const { tokens, position, answer } = query;
      const batch = { tokens: [tokens], positions: [position] };
      const options = { rule: 'riemann_endpoints', steps: 20 } as const;
      const [ours] = await attribute(model, batch, [answer], options);
      const whole: Float32Array[] = [];
      const ran = await productsThatRun(async () => {
        whole.push(...(await scoresByFullPasses({ config, weights }, query, 'riemann_endpoints', 20)));
      });
      ours.forEach((row, layer) => {
        expect(relativeError(row, whole[layer])).toBeLessThan(1e-4);
      });
      expect(ran).toBe(countFullPasses(config, tokens.length, 20));
      expect(tf.memory().numTensors).toBe(tensors);
    });
  });
}
