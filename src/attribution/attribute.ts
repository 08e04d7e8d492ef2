import type { LanguageModel, PromptBatch } from '../model/language-model.js';
import { activationScores } from './activation.js';
import { gradientXActivation } from './gradient-x-activation.js';
import { integratedGradients } from './integrated-gradients.js';
import type { AskedMethod } from './methods.js';
import type { OnScored, OnTraced, Scores, ScoringOptions } from './scores.js';

/** Default method: integrated gradients. */
export type AttributeOptions = AskedMethod & ScoringOptions;

/**
 * Scores of every neuron for each prompt of a batch, by the method that the options name.
 * @param answers the answer's token id for each prompt
 */
export async function attribute(
  model: LanguageModel,
  batch: PromptBatch,
  answers: readonly number[],
  options: AttributeOptions,
  onScored?: OnScored,
  onTraced?: OnTraced,
): Promise<Scores[]> {
  switch (options.method) {
    case 'activation':
      return activationScores(model, batch, options, onScored, onTraced);
    case 'gradient_x_activation':
      return gradientXActivation(model, batch, answers, options, onScored, onTraced);
    default:
      return integratedGradients(model, batch, answers, options, onScored, onTraced);
  }
}
