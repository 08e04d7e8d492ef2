import type { LanguageModel } from '../../src/model/language-model.js';
import type { Query } from '../../src/model/tokenizer/tokenizer.js';

/** Prompts of so many tokens each, made up: however many there are, their tokens and positions are a model's and a prompt's own. */
export function askedPrompts(
  count: number,
  tokens: number,
  { causal, vocabularySize }: Pick<LanguageModel, 'causal' | 'vocabularySize'>,
): Query[][] {
  return Array.from({ length: count }, (_, b) => [
    {
      tokens: Array.from({ length: tokens }, (_, t) => (1000 + 37 * t + 101 * b) % vocabularySize),
      position: causal ? tokens - 1 : 3 + (b % (tokens - 3)),
      answer: 2000,
    },
  ]);
}
