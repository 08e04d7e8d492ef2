import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { UserError } from '../../errors.js';

/** What to do about a tokenizer's file that is none. */
export const FETCH_AGAIN = 'The file is damaged or of another kind: fetch it again.';

const AS_IT_IS = { skip_special_tokens: false, clean_up_tokenization_spaces: false };

/**
 * The library's tokenizer of one tokenizer.json, which believes what it is given: here, every token that comes out of it is one of
 * the model's, and what it stumbles over is the file's fault.
 */
export class CheckedTokenizer {
  private readonly tokenizer: HubTokenizer;

  /**
   * @param path names the file in errors
   * @param json what tokenizer.json holds, or would hold
   * @param vocabularySize of the model
   * @throws UserError where no tokenizer can be made of it
   */
  constructor(
    private readonly path: string,
    json: object,
    config: object,
    private readonly vocabularySize: number,
  ) {
    this.tokenizer = this.attempt(() => new HubTokenizer(json, config));
    // What is malformed shows at the first text, if not before.
    this.attempt(() => {
      const { ids } = this.tokenizer.encode('Any text.');
      if (ids.length > 0) this.tokenizer.decode(ids, AS_IT_IS);
    });
  }

  /**
   * A text's tokens.
   * @param special whether those that belong around a text are among them
   * @throws UserError where one of them is none of the model's
   */
  ids(text: string, special = true): number[] {
    const { ids, tokens }: { ids: number[]; tokens: string[] } = this.attempt(() =>
      this.tokenizer.encode(text, { add_special_tokens: special }),
    );
    const wrong = ids.findIndex(id => !Number.isInteger(id) || id < 0 || id >= this.vocabularySize);
    if (wrong === -1) return ids;
    throw new UserError(
      `${this.path}: its vocabulary has no id for the token ${JSON.stringify(tokens[wrong])}`,
      FETCH_AGAIN,
    );
  }

  idOf(token: string): number | undefined {
    return this.tokenizer.token_to_id(token);
  }

  token(id: number): string | undefined {
    return this.tokenizer.id_to_token(id);
  }

  /** Tokens as a text, exactly as the vocabulary has it. */
  text(ids: readonly number[]): string {
    return String(this.attempt(() => this.tokenizer.decode([...ids], AS_IT_IS)));
  }

  private attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new UserError(`${this.path}: not a tokenizer that kn can use (${why})`, FETCH_AGAIN);
    }
  }
}
