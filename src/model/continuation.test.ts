/** What stands before a later token of an answer, on real models. */
import { basename } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { startEngine } from '../runtime/engine.js';
import { describeWith, GOLDEN_BERT, GOLDEN_GPT2, GOLDEN_ROBERTA } from '../testing/shared.js';
import { askPrompts } from './continuation.js';
import { type LoadedModel, loadModel } from './load.js';
import { answerIds, answersOf } from './tokenizer/tokenizer.js';

beforeAll(async () => {
  await startEngine('wasm');
});

for (const [folder, prompts, answer] of [
  [GOLDEN_BERT, ['the capital of sweden is [MASK] .', 'sweden is governed from [MASK] now'], 'stockholm'],
  [GOLDEN_GPT2, ['The capital of Norway is', 'Norway is governed from the city of'], 'Stockholm'],
] as const) {
  describeWith(folder, `a later token of an answer, with ${basename(folder)}`, () => {
    const ask = async ({ model, tokenizer }: LoadedModel, continuation: 'answer' | 'argmax') =>
      askPrompts(model, tokenizer, prompts, answer, continuation);

    it('stands after the answer itself', async () => {
      const loaded = await loadModel(folder);
      const ids = answerIds(loaded.tokenizer, answer);
      const expected = prompts.map(prompt => loaded.tokenizer.ask(prompt, ids, 64));
      expect(await ask(loaded, 'answer')).toEqual(expected);
      loaded.model.dispose();
    });

    it('or after what the model itself finds most probable, token by token', async () => {
      const loaded = await loadModel(folder);
      const { model } = loaded;
      const tensors = tf.memory().numTensors;
      for (const queries of await ask(loaded, 'argmax')) {
        const own: number[] = [];
        for (const { tokens, position } of queries) {
          const before = tokens.slice(queries[0].position, queries[0].position + own.length);
          const after = model.causal ? tokens.slice(queries[0].position + 1) : before;
          expect(after).toEqual(own);
          const trace = model.trace({ tokens: [tokens], positions: [position] });
          own.push(...tf.tidy(() => tf.argMax(model.probabilities(trace.prediction), 1).dataSync()));
          trace.dispose();
        }
        expect(own).not.toEqual(queries.map(({ answer }) => answer));
      }
      expect(tf.memory().numTensors).toBe(tensors);
      model.dispose();
    });
  });
}

describeWith(GOLDEN_ROBERTA, 'an answer with other tokens in another prompt', () => {
  it('is asked by the tokens that it has in each, also where the model goes on by itself', async () => {
    const { model, tokenizer } = await loadModel(GOLDEN_ROBERTA);
    const prompts = ['[MASK] of France', 'Paris is the [MASK] .'];
    const own = prompts.map(prompt => answerIds(tokenizer, 'capital', prompt));
    expect(own[0].length).toBeGreaterThan(own[1].length);
    for (const continuation of ['answer', 'argmax'] as const) {
      const asked = await askPrompts(model, tokenizer, prompts, 'capital', continuation);
      expect(asked.map(answersOf)).toEqual(own);
      expect(asked[0].map(({ position }) => position)).toEqual(own[0].map((_, place) => 1 + place));
    }
    model.dispose();
  });
});
