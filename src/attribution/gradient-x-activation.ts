/** The gradient where the model stands, times the activation: a_l dP/da_l, one step of integrated gradients at alpha = 1. */
import type { LanguageModel, PromptBatch } from '../model/language-model.js';
import { takeGradients } from './path-gradients.js';
import type { OnScored, OnTraced, Scores, ScoringOptions } from './scores.js';

/**
 * Scores of every neuron for each prompt of a batch: one pass from the first layer's activations, forward and back.
 * @param answers the answer's token id for each prompt
 */
export async function gradientXActivation(
  model: LanguageModel,
  batch: PromptBatch,
  answers: readonly number[],
  options: ScoringOptions,
  onScored: OnScored = () => undefined,
  onTraced?: OnTraced,
): Promise<Scores[]> {
  const scores: Scores[] = [];
  const taker = {
    point: () => undefined,
    whole: (_prompt: number, { gradients }: { readonly gradients: Scores }) => {
      scores.push(gradients);
      onScored(model.layers);
    },
  };
  await takeGradients(model, batch, answers, { points: [], whole: true }, options, taker, onTraced);
  return scores;
}
