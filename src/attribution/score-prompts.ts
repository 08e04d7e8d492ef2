import type { LanguageModel, PromptBatch } from '../model/language-model.js';
import { ofEachPrompt, promptBatches } from '../model/prompt-batches.js';
import type { Query } from '../model/tokenizer/tokenizer.js';
import { activationScores } from './activation.js';
import { gradientXActivation } from './gradient-x-activation.js';
import { integratedGradients } from './integrated-gradients.js';
import type { AskedMethod } from './methods.js';
import type { OnQueriesTraced, OnScored, OnTraced, ScoredPrompt, Scores, ScoringOptions } from './scores.js';
import type { Undecided } from './undecided.js';

/** Default method: integrated gradients. */
export type AttributeOptions = AskedMethod & ScoringOptions;

/**
 * Scores of every neuron for each prompt, in their order. A prompt is a query for each token of its answer, and its scores are
 * the mean over these.
 * @param undecided what of interpolated scores is not known well enough yet
 */
export type ScorePrompts = (
  prompts: readonly (readonly Query[])[],
  options: AttributeOptions,
  undecided: Undecided,
) => Promise<readonly ScoredPrompt[]>;

/** On a model, by the method that the options name. */
export function scorePromptsOn(
  model: LanguageModel,
  onScored?: OnScored,
  onTraced?: OnQueriesTraced,
): ScorePrompts {
  return async (prompts, options, undecided) => {
    switch (options.method) {
      case 'activation':
        return inOnePass(model, prompts, onTraced, (batch, _, onTraced) =>
          activationScores(model, batch, options, onScored, onTraced),
        );
      case 'gradient_x_activation':
        return inOnePass(model, prompts, onTraced, (batch, answers, onTraced) =>
          gradientXActivation(model, batch, answers, options, onScored, onTraced),
        );
      default:
        return integratedGradients(model, prompts, options, undecided, onScored, onTraced);
    }
  };
}

/** By a method that resumes no pass: queries that may share a batch together. */
async function inOnePass(
  model: LanguageModel,
  prompts: readonly (readonly Query[])[],
  onTraced: OnQueriesTraced | undefined,
  score: (batch: PromptBatch, answers: readonly number[], onTraced?: OnTraced) => Promise<Scores[]>,
): Promise<ScoredPrompt[]> {
  const queries = prompts.flat();
  const found: Scores[] = [];
  for (const { batch, indices } of promptBatches(model, queries)) {
    const answers = indices.map(index => queries[index].answer);
    const tracedFrom = (first: number, prompts: number) =>
      indices.slice(first, first + prompts).map(index => queries[index]);
    const scores = await score(
      batch,
      answers,
      onTraced && ((trace, first) => onTraced(trace, tracedFrom(first, trace.prompts))),
    );
    indices.forEach((index, i) => {
      found[index] = scores[i];
    });
  }
  return ofEachPrompt(prompts, found).map(ofTokens => ({
    scores: meanScores(ofTokens),
    passes: { done: 0, ofLayers: [], ofRule: 0 },
  }));
}

/** Neuron by neuron, over an answer's tokens. */
function meanScores(scores: readonly Scores[]): Scores {
  if (scores.length === 1) return scores[0];
  return scores[0].map((row, layer) =>
    row.map((_, index) => scores.reduce((sum, of) => sum + of[layer][index], 0) / scores.length),
  );
}
