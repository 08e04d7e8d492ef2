import type { LanguageModel, Trace } from '../model/language-model.js';
import { batchesOfEqualLength } from '../model/prompt-batches.js';
import type { Query } from '../model/tokenizer/tokenizer.js';
import { type AttributeOptions, attribute } from './attribute.js';
import type { OnScored, Scores } from './scores.js';

/** Scores of every neuron for each query, in their order. */
export type ScoreQueries = (
  queries: readonly Query[],
  options: AttributeOptions,
) => Promise<readonly Scores[]>;

/** Shown every trace of some queries that their scores are made from. */
export type OnQueriesTraced = (trace: Trace, queries: readonly Query[]) => Promise<void>;

/** On a model, queries of one token length together. */
export function scoreQueriesOn(
  model: LanguageModel,
  onScored?: OnScored,
  onTraced?: OnQueriesTraced,
): ScoreQueries {
  return async (queries, options) => {
    const found: Scores[] = [];
    for (const { batch, indices } of batchesOfEqualLength(queries)) {
      const answers = indices.map(index => queries[index].answer);
      const tracedFrom = (trace: Trace, first: number) =>
        indices.slice(first, first + trace.prompts).map(index => queries[index]);
      const scores = await attribute(
        model,
        batch,
        answers,
        options,
        onScored,
        onTraced && ((trace, first) => onTraced(trace, tracedFrom(trace, first))),
      );
      indices.forEach((index, i) => {
        found[index] = scores[i];
      });
    }
    return found;
  };
}
