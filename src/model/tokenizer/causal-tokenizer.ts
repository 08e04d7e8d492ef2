import { promptBeforeMask, textTouchingMask } from '../../dataset/prompt.js';
import { UserError } from '../../errors.js';
import type { CheckedTokenizer } from './checked-tokenizer.js';
import { checkLength } from './prompt-length.js';
import { BEHIND_A_WORD, surroundings, tokensBetween } from './surroundings.js';
import type { EncodedPrompt, FoundAnswer, Query, Tokenizer } from './tokenizer.js';

/** Of a causal language model: the answer follows the prompt, after a space. */
export class CausalTokenizer implements Tokenizer {
  /** Vocabularies that have all bytes lack nothing, and have none. */
  readonly unknownId: number | undefined;
  readonly mask = undefined;

  constructor(private readonly tokenizer: CheckedTokenizer) {
    this.unknownId = tokenizer.unknownId;
  }

  encode(prompt: string, maxTokens: number): EncodedPrompt {
    const before = promptBeforeMask(prompt);
    if (before === undefined) {
      throw new UserError(
        `the prompt "${prompt}" goes on after its answer, and a causal model sees nothing of that`,
        'Let it end where the answer belongs: "The capital of France is".',
      );
    }
    const tokens = this.tokenizer.idsToGoOn(before);
    if (tokens.length === 0)
      throw new UserError('the prompt is empty', 'A causal model needs a word to start from.');
    checkLength(prompt, tokens.length, maxTokens);
    return { tokens, position: tokens.length - 1 };
  }

  ask(prompt: string, answer: readonly number[], maxTokens: number, inPlace = answer): Query[] {
    const { tokens, position } = this.encode(prompt, maxTokens);
    checkLength(prompt, tokens.length + answer.length - 1, maxTokens, answer.length - 1);
    return answer.map((id, place) => ({
      tokens: [...tokens, ...inPlace.slice(0, place)],
      position: position + place,
      answer: id,
    }));
  }

  /**
   * "Paris" means " Paris", since the vocabulary has words with the space before them, and behind a word: some tokenizers put a space of
   * their own before a text. Where the prompt's mask touches what is before it, as in "([MASK]", there is no space.
   */
  lookUp(answer: string, prompt = ''): FoundAnswer {
    const word = answer.trim();
    if (word === '') return { problem: 'is empty' };
    const touching = textTouchingMask(prompt);
    const ids =
      (touching === undefined ? undefined : this.behind(surroundings(touching, '').before, word)) ??
      this.behind(BEHIND_A_WORD.before, word) ??
      this.tokenizer.ids(` ${word}`, false);
    if (ids.includes(this.unknownId ?? -1)) return { problem: 'has characters that the vocabulary lacks' };
    return { ids };
  }

  token(id: number): string {
    return this.tokenizer.text(id) ?? `#${id}`;
  }

  /** A word's tokens behind a text, but for the space between them. */
  private behind(before: string, word: string): readonly number[] | undefined {
    const first = this.tokenizer.ids(before.trimEnd(), false);
    return tokensBetween(this.tokenizer.ids(`${before}${word}`, false), first, []);
  }
}
