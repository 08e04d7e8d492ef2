import { MASK } from '../../dataset/prompt.js';
import { UserError } from '../../errors.js';
import type { CheckedTokenizer } from './checked-tokenizer.js';
import { checkLength } from './prompt-length.js';
import type { EncodedPrompt, Query, Tokenizer } from './tokenizer.js';

/** Of a masked language model: a prompt has [MASK] where the answer belongs, and becomes one mask for each of its tokens. */
export class MaskedTokenizer implements Tokenizer {
  readonly unknownId: number | undefined;
  private readonly maskId: number;

  constructor(private readonly tokenizer: CheckedTokenizer) {
    const maskId = tokenizer.idOf(MASK);
    if (maskId === undefined)
      throw new UserError(`the tokenizer has no ${MASK} token`, 'Choose a masked language model.');
    this.maskId = maskId;
    this.unknownId = tokenizer.unknownId;
  }

  encode(prompt: string, maxTokens: number): EncodedPrompt {
    const tokens = this.tokenizer.ids(prompt);
    const masks = tokens.filter(id => id === this.maskId).length;
    if (masks !== 1) {
      throw new UserError(
        `the prompt "${prompt}" has ${masks === 0 ? 'no' : masks} ${MASK}, where one is needed`,
        `Write ${MASK} once, where the answer belongs: "the capital of france is ${MASK}".`,
      );
    }
    checkLength(prompt, tokens.length, maxTokens);
    return { tokens, position: tokens.indexOf(this.maskId) };
  }

  ask(prompt: string, answer: readonly number[], maxTokens: number, inPlace = answer): Query[] {
    const { tokens, position } = this.encode(prompt, maxTokens);
    checkLength(prompt, tokens.length + answer.length - 1, maxTokens, answer.length - 1);
    const [before, after] = [tokens.slice(0, position), tokens.slice(position + 1)];
    return answer.map((id, place) => ({
      tokens: [
        ...before,
        ...inPlace.slice(0, place),
        ...answer.slice(place).map(() => this.maskId),
        ...after,
      ],
      position: position + place,
      answer: id,
    }));
  }

  lookUp(answer: string): { ids: readonly number[] } | { problem: string } {
    const ids = this.tokenizer.ids(answer, false);
    if (ids.length === 0) return { problem: 'is empty' };
    if (ids.includes(this.unknownId ?? -1)) return { problem: 'has characters that the vocabulary lacks' };
    return { ids };
  }

  token(id: number): string {
    return this.tokenizer.token(id) ?? `#${id}`;
  }
}
