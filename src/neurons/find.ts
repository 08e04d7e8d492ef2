import {
  type IntegratedGradientsOptions,
  integratedGradients,
  type OnScored,
  type Scores,
} from '../attribution/integrated-gradients.js';
import type { LanguageModel } from '../model/language-model.js';
import { batchesOfEqualLength } from '../model/prompt-batches.js';
import type { EncodedPrompt } from '../model/tokenizer.js';
import { type CoarseThreshold, coarseNeurons } from './coarse.js';
import type { Neuron } from './neuron.js';
import { refinedNeurons } from './refined.js';

export interface FindOptions extends IntegratedGradientsOptions {
  readonly threshold: CoarseThreshold;
  /** Of the prompts, that a refined neuron must be coarse in more than. */
  readonly share: number;
}

export interface FoundNeurons {
  /** The refined neurons: the fact's knowledge neurons. */
  readonly neurons: readonly Neuron[];
  /** For each prompt, in the given order. */
  readonly prompts: readonly { readonly coarse: readonly Neuron[]; readonly scores: Scores }[];
}

/**
 * The knowledge neurons of one fact.
 * @param prompts ways of asking for it
 * @param answer its token id
 */
export async function findNeurons(
  model: LanguageModel,
  prompts: readonly EncodedPrompt[],
  answer: number,
  options: FindOptions,
  onScored?: OnScored,
): Promise<FoundNeurons> {
  const scoresOf = new Map<number, Scores>();
  for (const { batch, indices } of batchesOfEqualLength(prompts)) {
    const scores = await integratedGradients(
      model,
      batch,
      indices.map(() => answer),
      options,
      onScored,
    );
    indices.forEach((index, i) => {
      scoresOf.set(index, scores[i]);
    });
  }
  const found = prompts.map((_, index) => {
    const scores = scoresOf.get(index) ?? [];
    return { scores, coarse: coarseNeurons(scores, options.threshold) };
  });
  return {
    neurons: refinedNeurons(
      found.map(({ coarse }) => coarse),
      options.share,
    ),
    prompts: found,
  };
}
