import { type AttributeOptions, attribute } from '../attribution/attribute.js';
import type { OnScored, Scores } from '../attribution/scores.js';
import type { LanguageModel } from '../model/language-model.js';
import { batchesOfEqualLength } from '../model/prompt-batches.js';
import type { Query } from '../model/tokenizer.js';
import { type CoarseThreshold, coarseNeurons } from './coarse.js';
import type { Neuron } from './neuron.js';
import { refinedNeurons, type Sharing } from './refined.js';

export type FindOptions = AttributeOptions & Sharing & { readonly threshold: CoarseThreshold };

export interface FoundNeurons {
  /** The refined neurons: the fact's knowledge neurons. */
  readonly neurons: readonly Neuron[];
  /** For each prompt, in the given order. */
  readonly prompts: readonly { readonly coarse: readonly Neuron[]; readonly scores: Scores }[];
}

/**
 * The knowledge neurons of one fact.
 * @param prompts ways of asking for it, each as a query for each token of the answer; a prompt's scores are the mean over
 *   these
 */
export async function findNeurons(
  model: LanguageModel,
  prompts: readonly (readonly Query[])[],
  options: FindOptions,
  onScored?: OnScored,
): Promise<FoundNeurons> {
  const queries = prompts.flat();
  const scoresOfQuery: Scores[] = [];
  for (const { batch, indices } of batchesOfEqualLength(queries)) {
    const answers = indices.map(index => queries[index].answer);
    const scores = await attribute(model, batch, answers, options, onScored);
    indices.forEach((index, i) => {
      scoresOfQuery[index] = scores[i];
    });
  }
  let taken = 0;
  const found = prompts.map(({ length }) => {
    const scores = meanScores(scoresOfQuery.slice(taken, taken + length));
    taken += length;
    return { scores, coarse: coarseNeurons(scores, options.threshold) };
  });
  return {
    neurons: refinedNeurons(
      found.map(({ coarse }) => coarse),
      options.share,
      options,
    ),
    prompts: found,
  };
}

/** Neuron by neuron, over an answer's tokens. */
function meanScores(scores: readonly Scores[]): Scores {
  if (scores.length === 1) return scores[0];
  return scores[0].map((row, layer) =>
    row.map((_, index) => scores.reduce((sum, of) => sum + of[layer][index], 0) / scores.length),
  );
}
