import { promptsThatFit } from '../model/batch-size.js';
import type { LanguageModel } from '../model/language-model.js';
import { promptBatches, splitBatch, tokensOf } from '../model/prompt-batches.js';
import type { Query } from '../model/tokenizer/tokenizer.js';
import { type AnswerStanding, standingOf, standingOfTokens } from './distribution.js';
import { distributions } from './read-distributions.js';

/** The smallest probability that float32 has, in the place of a 0: its logarithm is finite. */
const LEAST_PROBABILITY = 2 ** -149;

export interface PromptStanding extends AnswerStanding {
  /** -log P(answer), in nats: over the answer's tokens the sum. A probability of 0 in float32 counts as 2^-149. */
  readonly surprisal: number;
}

/**
 * How the answers to many prompts stand on the model as it is. Of a distribution no more is kept than that.
 * @param prompts the queries of each, one for each token of its answer
 * @param batchBytes what the values of a batch may take; default: what suits the engine
 */
export async function standingsOf(
  model: LanguageModel,
  prompts: readonly (readonly Query[])[],
  batchBytes?: number,
): Promise<PromptStanding[]> {
  const queries = prompts.flat();
  const ofQuery: AnswerStanding[] = [];
  for (const { batch, indices } of promptBatches(model, queries)) {
    let done = 0;
    for (const part of splitBatch(batch, promptsThatFit(model, tokensOf(batch), batchBytes))) {
      const trace = model.trace(part);
      try {
        for (const distribution of await distributions(model, () => trace.prediction)) {
          const index = indices[done++];
          ofQuery[index] = standingOf(queries[index].answer, distribution);
        }
      } finally {
        trace.dispose();
      }
    }
  }
  let taken = 0;
  return prompts.map(({ length }) => {
    const own = ofQuery.slice(taken, taken + length);
    taken += length;
    return { ...standingOfTokens(own), surprisal: surprisalOf(own) };
  });
}

function surprisalOf(tokens: readonly AnswerStanding[]): number {
  return tokens.reduce((sum, { probability }) => sum - Math.log(Math.max(probability, LEAST_PROBABILITY)), 0);
}
