import type { LanguageModel, PromptBatch } from '../model/language-model.js';
import { type AttributeOptions, scorePromptsOn } from './score-prompts.js';
import type { OnScored, Scores } from './scores.js';
import { undecidedScores } from './undecided.js';

/**
 * Scores of every neuron for each prompt of a batch, by the method that the options name; interpolated ones to 1e-6 of the prompt's
 * highest.
 * @param answers the answer's token id for each prompt
 */
export async function attribute(
  model: LanguageModel,
  { tokens, positions }: PromptBatch,
  answers: readonly number[],
  options: AttributeOptions,
  onScored?: OnScored,
): Promise<Scores[]> {
  const prompts = tokens.map((ofPrompt, i) => [
    { tokens: ofPrompt, position: positions[i], answer: answers[i] },
  ]);
  const scored = await scorePromptsOn(model, onScored)(prompts, options, undecidedScores);
  return scored.map(({ scores }) => scores);
}
