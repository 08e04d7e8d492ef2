/** What the method needs of a tokenizer, whichever kind of model it belongs to. */
import { UserError } from '../../errors.js';

export interface EncodedPrompt {
  /** Token ids, special tokens included. */
  readonly tokens: readonly number[];
  /** Where the answer is predicted. */
  readonly position: number;
}

/** One token asked of a model. An answer of several tokens is as many queries. */
export interface Query extends EncodedPrompt {
  /** The token that belongs there. */
  readonly answer: number;
}

export interface Tokenizer {
  /** A prompt as it asks for an answer of one token, or for the first of several. */
  encode(prompt: string, maxTokens: number): EncodedPrompt;

  /**
   * A prompt as it asks for each token of an answer, with the tokens before it in place.
   * @param answer token ids, one or more
   * @param maxTokens what the model takes
   * @param inPlace what stands before each token; default: the answer itself
   * @throws UserError where the prompt has not the form that the model needs, or is too long
   */
  ask(prompt: string, answer: readonly number[], maxTokens: number, inPlace?: readonly number[]): Query[];

  /**
   * The answer's token ids, or what keeps it from being an answer. They are those that it has where it stands: "Paris" has others at the
   * start of a sentence than after a space for many tokenizers, and others again in "(Paris)". Where its tokens cannot be told from those
   * around it, since one reaches over the border, they are those that it has after a space.
   * @param prompt that it is the answer of; default: any in which it is a word of its own, after another
   */
  lookUp(answer: string, prompt?: string): FoundAnswer;

  /** A token as people read it. */
  token(id: number): string;

  /** How the model writes a mask; undefined where it has none. [MASK] stands for it in prompts. */
  readonly mask: string | undefined;

  /** The token for what the vocabulary lacks, where there is one. */
  readonly unknownId: number | undefined;
}

/** An answer's token ids, one or more, or what keeps it from being one. */
export type FoundAnswer = { readonly ids: readonly number[] } | { readonly problem: string };

/**
 * The tokens that an answer has where it stands.
 * @param prompt that it is the answer of; default: any in which it is a word of its own, after another
 * @throws UserError where the vocabulary has no tokens for the answer
 */
export function answerIds(tokenizer: Tokenizer, answer: string, prompt?: string): readonly number[] {
  const found = tokenizer.lookUp(answer, prompt);
  if ('ids' in found) return found.ids;
  throw new UserError(
    `the answer "${answer}" ${found.problem}`,
    'An answer is a word, or a few, that the model can say.',
  );
}

/** The tokens that queries of one prompt ask for, one after the other. */
export function answersOf(queries: readonly Query[]): number[] {
  return queries.map(({ answer }) => answer);
}
