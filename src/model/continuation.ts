import * as tf from '@tensorflow/tfjs-core';
import { promptsThatFit } from './batch-size.js';
import type { Continuation } from './continuation-names.js';
import type { LanguageModel } from './language-model.js';
import { promptBatches, splitBatch, tokensOf } from './prompt-batches.js';
import { answerIds, type Query, type Tokenizer } from './tokenizer/tokenizer.js';

/**
 * The queries of each prompt, one for each token that the answer has there.
 * @throws UserError where a prompt has not the form that the model needs, or is too long, or the vocabulary lacks the answer
 */
export async function askPrompts(
  model: LanguageModel,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  answer: string,
  continuation: Continuation,
): Promise<Query[][]> {
  const answers = prompts.map(prompt => answerIds(tokenizer, answer, prompt));
  const own: number[][] = prompts.map(() => []);
  const ask = (prompt: number) =>
    tokenizer.ask(
      prompts[prompt],
      answers[prompt],
      model.maxTokens,
      continuation === 'argmax' ? own[prompt] : answers[prompt],
    );
  if (continuation === 'argmax') {
    const longest = answers.reduce((most, { length }) => Math.max(most, length), 0);
    for (let place = 0; place < longest - 1; place++) {
      const goingOn = [...prompts.keys()].filter(prompt => place < answers[prompt].length - 1);
      const next = await mostProbable(
        model,
        goingOn.map(prompt => ask(prompt)[place]),
      );
      next.forEach((token, i) => {
        own[goingOn[i]].push(token);
      });
    }
  }
  return prompts.map((_, prompt) => ask(prompt));
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
