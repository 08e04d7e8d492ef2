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

  /** The answer's token ids, or what keeps it from being an answer. */
  lookUp(answer: string): { readonly ids: readonly number[] } | { readonly problem: string };

  /** A token as people read it. */
  token(id: number): string;

  /** The token for what the vocabulary lacks, where there is one. */
  readonly unknownId: number | undefined;
}

/** @throws UserError where the vocabulary has no tokens for the answer */
export function answerIds(tokenizer: Tokenizer, answer: string): readonly number[] {
  const found = tokenizer.lookUp(answer);
  if ('ids' in found) return found.ids;
  throw new UserError(
    `the answer "${answer}" ${found.problem}`,
    'An answer is a word, or a few, that the model can say.',
  );
}
