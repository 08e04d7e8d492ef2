import type { LanguageModel } from '../model/language-model.js';
import { batchesOfEqualLength } from '../model/prompt-batches.js';
import type { Query } from '../model/tokenizer/tokenizer.js';
import { type AttributeOptions, attribute } from './attribute.js';
import type { OnScored, Scores } from './scores.js';

/** Scores of every neuron for each query, in their order. */
export type ScoreQueries = (
  queries: readonly Query[],
  options: AttributeOptions,
) => Promise<readonly Scores[]>;

/** On a model, queries of one token length together. */
export function scoreQueriesOn(model: LanguageModel, onScored?: OnScored): ScoreQueries {
  return async (queries, options) => {
    const found: Scores[] = [];
    for (const { batch, indices } of batchesOfEqualLength(queries)) {
      const answers = indices.map(index => queries[index].answer);
      const scores = await attribute(model, batch, answers, options, onScored);
      indices.forEach((index, i) => {
        found[index] = scores[i];
      });
    }
    return found;
  };
}
