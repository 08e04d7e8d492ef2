import * as tf from '@tensorflow/tfjs-core';
import { promptsThatFit } from './batch-size.js';
import type { Continuation } from './continuation-names.js';
import type { LanguageModel } from './language-model.js';
import { promptBatches, splitBatch, tokensOf } from './prompt-batches.js';
import type { Query, Tokenizer } from './tokenizer/tokenizer.js';

/**
 * The queries of each prompt, one for each token of the answer.
 * @param answer token ids
 * @throws UserError where a prompt has not the form that the model needs, or is too long
 */
export async function askPrompts(
  model: LanguageModel,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  answer: readonly number[],
  continuation: Continuation,
): Promise<Query[][]> {
  const own: number[][] = prompts.map(() => []);
  const ask = () =>
    prompts.map((prompt, i) => {
      const inPlace = continuation === 'argmax' ? own[i] : answer;
      return tokenizer.ask(prompt, answer, model.maxTokens, inPlace);
    });
  if (continuation === 'argmax') {
    for (let place = 0; place < answer.length - 1; place++) {
      const next = await mostProbable(
        model,
        ask().map(queries => queries[place]),
      );
      next.forEach((token, i) => {
        own[i].push(token);
      });
    }
  }
  return ask();
}

/** The token that the model puts at each query's position. */
async function mostProbable(model: LanguageModel, queries: readonly Query[]): Promise<number[]> {
  const tokens: number[] = [];
  for (const { batch, indices } of promptBatches(model, queries)) {
    let done = 0;
    for (const part of splitBatch(batch, promptsThatFit(model, tokensOf(batch)))) {
      const trace = model.trace(part);
      const found = tf.tidy(() => tf.argMax(model.probabilities(trace.prediction), 1));
      const ids = await found.data();
      found.dispose();
      trace.dispose();
      ids.forEach(id => {
        tokens[indices[done++]] = id;
      });
    }
  }
  return tokens;
}
