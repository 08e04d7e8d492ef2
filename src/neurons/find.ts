import { type AttributeOptions, type ScorePrompts, scorePromptsOn } from '../attribution/score-prompts.js';
import type { OnQueriesTraced, OnScored, PassCount, Scores } from '../attribution/scores.js';
import { undecidedOf, undecidedScores } from '../attribution/undecided.js';
import type { LanguageModel } from '../model/language-model.js';
import type { Query } from '../model/tokenizer/tokenizer.js';
import { areSilent, type CoarseThreshold, coarseNeurons } from './coarse.js';
import type { Neuron } from './neuron.js';
import { refinedNeurons, type Sharing, splitByNegatives } from './refined.js';
import { undecidedNeurons } from './undecided.js';

export type FindOptions = AttributeOptions &
  Sharing & {
    readonly threshold: CoarseThreshold;
    /**
     * Whether somebody reads the scores. Default: true. Neurons alone take fewer passes: a score that is far from the threshold need not
     * be known well.
     */
    readonly keepScores?: boolean;
  };

export interface NegativePrompts {
  /**
   * Prompts that another answer belongs to, asked for this fact's answer: what is coarse in any of them is no neuron of the
   * fact. As the prompts: a query for each token of the answer.
   */
  readonly negatives?: readonly (readonly Query[])[];
}

export interface FoundInPrompt {
  readonly coarse: readonly Neuron[];
  /** To 1e-6 of the highest; none where they are not kept. */
  readonly scores: Scores;
  readonly passes: PassCount;
  /** Every score is 0: the method says nothing here, and the fact's neurons are as if the prompt were not there. */
  readonly silent: boolean;
}

export interface FoundNeurons {
  /** The refined neurons, less those that a negative prompt removed: the fact's knowledge neurons. */
  readonly neurons: readonly Neuron[];
  /** Refined neurons that are coarse in a negative prompt. */
  readonly removed: readonly Neuron[];
  /** For each prompt, in the given order. */
  readonly prompts: readonly FoundInPrompt[];
  /** For each negative prompt. */
  readonly negatives: readonly FoundInPrompt[];
}

/**
 * The knowledge neurons of one fact (Dai et al., section 3.2; negative prompts: EleutherAI, get_refined_neurons).
 * @param prompts ways of asking for it, each as a query for each token of the answer; a prompt's scores are the mean over
 *   these
 */
export function findNeurons(
  model: LanguageModel,
  prompts: readonly (readonly Query[])[],
  options: FindOptions & NegativePrompts,
  onScored?: OnScored,
  onTraced?: OnQueriesTraced,
): Promise<FoundNeurons> {
  return findNeuronsBy(scorePromptsOn(model, onScored, onTraced), prompts, options);
}

/** The same, whoever scores: {@link scorePromptsOn} a model, or several facts together. */
export async function findNeuronsBy(
  score: ScorePrompts,
  prompts: readonly (readonly Query[])[],
  { negatives = [], ...options }: FindOptions & NegativePrompts,
): Promise<FoundNeurons> {
  const found = await findInPrompts(score, prompts, options);
  // In batches of their own, so that they change no prompt's scores, not by a bit.
  const inNegatives = await findInPrompts(score, negatives, options);
  const coarseOf = (list: readonly FoundInPrompt[]) => list.map(({ coarse }) => coarse);
  const speaking = found.filter(({ silent }) => !silent);
  const refined = refinedNeurons(coarseOf(speaking), options.share, options);
  const { kept, removed } = splitByNegatives(refined, coarseOf(inNegatives));
  return { neurons: kept, removed, prompts: found, negatives: inNegatives };
}

async function findInPrompts(
  score: ScorePrompts,
  prompts: readonly (readonly Query[])[],
  options: FindOptions,
): Promise<FoundInPrompt[]> {
  const { threshold, keepScores = true } = options;
  const undecided = undecidedNeurons(threshold);
  const scored = await score(
    prompts,
    options,
    keepScores ? undecidedOf(undecided, undecidedScores) : undecided,
  );
  return scored.map(({ scores, passes }) => ({
    scores: keepScores ? scores : [],
    passes,
    coarse: coarseNeurons(scores, threshold),
    silent: areSilent(scores),
  }));
}
