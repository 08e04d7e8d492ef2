import { MASK } from '../../dataset/prompt.js';
import { UserError } from '../../errors.js';
import type { CheckedTokenizer } from './checked-tokenizer.js';
import { checkLength } from './prompt-length.js';
import { BEHIND_A_WORD, type Surroundings, surroundings, tokensBetween } from './surroundings.js';
import type { EncodedPrompt, FoundAnswer, Query, Tokenizer } from './tokenizer.js';

/** How SentencePiece's vocabularies write a space. */
const SPACE_MARK = '▁';

/**
 * Of a masked language model: a prompt has [MASK], or the model's own mask token, where the answer belongs, and becomes one mask for each of its
 * tokens.
 */
export class MaskedTokenizer implements Tokenizer {
  readonly unknownId: number | undefined;
  readonly mask: string;
  private readonly maskId: number;
  /** Of answers that were looked up, by where they stand; null where they have no tokens there. */
  private readonly known = new Map<string, Map<string, readonly number[] | null>>();

  constructor(private readonly tokenizer: CheckedTokenizer) {
    const { mask } = tokenizer.specials;
    if (!mask) throw new UserError('the tokenizer has no mask token', 'Choose a masked language model.');
    this.mask = mask.token;
    this.maskId = mask.id;
    // RoBERTa's vocabulary has all bytes and needs none, but has one.
    this.unknownId = tokenizer.unknownId ?? tokenizer.specials.unk?.id;
  }

  encode(prompt: string, maxTokens: number): EncodedPrompt {
    const tokens = this.tokenizer.ids(this.withMask(prompt));
    const masks = tokens.filter(id => id === this.maskId).length;
    if (masks !== 1) {
      const named = this.mask === MASK ? MASK : `${MASK} or ${this.mask}`;
      throw new UserError(
        `the prompt "${prompt}" has ${masks === 0 ? 'no' : masks} ${named}, where one is needed`,
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

  lookUp(answer: string, prompt?: string): FoundAnswer {
    const word = answer.trim();
    if (word === '') return { problem: 'is empty' };
    const place = prompt === undefined ? undefined : this.placeIn(prompt);
    const ids = (place && this.inPlace(word, place)) ?? this.inPlace(word, BEHIND_A_WORD) ?? this.alone(word);
    return ids ? { ids } : { problem: 'has characters that the vocabulary lacks' };
  }

  /** With the mark of a space before it where the vocabulary has one, since a text would lose it. */
  token(id: number): string {
    const token = this.tokenizer.token(id);
    if (token === undefined) return `#${id}`;
    return token.includes(SPACE_MARK) ? token : (this.tokenizer.text(id) ?? token);
  }

  /** A text with the model's own mask in it. */
  private withMask(text: string): string {
    return text.replaceAll(MASK, this.mask);
  }

  private placeIn(prompt: string): Surroundings | undefined {
    const text = this.withMask(prompt);
    const at = text.indexOf(this.mask);
    return at === -1 ? undefined : surroundings(text.slice(0, at), text.slice(at + this.mask.length));
  }

  /** An answer's tokens in a place; undefined where they reach over its border, or the vocabulary lacks some. */
  private inPlace(word: string, place: Surroundings): readonly number[] | undefined {
    const key = `${place.before}${this.mask}${place.after}`;
    const known = this.known.get(key) ?? new Map<string, readonly number[] | null>();
    this.known.set(key, known);
    let ids = known.get(word);
    if (ids === undefined) {
      ids = this.findInPlace(word, place) ?? null;
      known.set(word, ids);
    }
    return ids ?? undefined;
  }

  private findInPlace(word: string, { before, after }: Surroundings): readonly number[] | undefined {
    const ids = (text: string) => this.tokenizer.ids(text, false);
    const masked = ids(`${before}${this.mask}${after}`);
    const at = masked.indexOf(this.maskId);
    if (at === -1) return undefined;
    const sentence = ids(`${before}${word}${after}`);
    const [first, last] = [masked.slice(0, at), masked.slice(at + 1)];
    // What the vocabulary lacks becomes one token with all that touches it: nobody can tell where that ends.
    const isLacking = (id: number | undefined) => id !== undefined && id === this.unknownId;
    if (/\S$/u.test(before) && isLacking(first.at(-1))) return undefined;
    if (/^\S/u.test(after) && isLacking(last[0])) return undefined;
    // Some tokenizers begin anew behind a mask, so that what follows has other tokens there than behind a word.
    const upToAnswer = ids(`${before}${word}`);
    const goesOn = upToAnswer.every((id, i) => sentence[i] === id);
    const found =
      tokensBetween(sentence, first, last) ?? (goesOn ? tokensBetween(upToAnswer, first, []) : undefined);
    return found && this.isWhole(found) ? found : undefined;
  }

  private alone(word: string): readonly number[] | undefined {
    const ids = this.tokenizer.ids(word, false);
    return ids.length > 0 && this.isWhole(ids) ? ids : undefined;
  }

  private isWhole(ids: readonly number[]): boolean {
    return this.unknownId === undefined || !ids.includes(this.unknownId);
  }
}
