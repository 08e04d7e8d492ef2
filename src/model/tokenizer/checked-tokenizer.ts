import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { UserError } from '../../errors.js';
import { type Encoder, encoderOf, type TokenizerParts } from './encoder.js';
import { blamingFile } from './file-fault.js';
import type { PythonTokenizer, Specials } from './python-tokenizer.js';

/**
 * A tokenizer, of which every token that comes out is one of the model's: other ids would be other neurons, or none. What it
 * stumbles over is the file's fault.
 */
export class CheckedTokenizer {
  /** By what they are for: what they are called, and their ids. */
  readonly specials: Specials;
  /** What stands for what the vocabulary lacks, where the model of the tokenizer has such a token. */
  readonly unknownId: number | undefined;
  private readonly encoder: Encoder;
  /** Of the library: what tokens are as a text. */
  private readonly decode: (tokens: readonly string[]) => string;

  /**
   * @param path names the file in errors
   * @param vocabularySize of the model
   * @throws UserError where no tokenizer can be made of it
   */
  constructor(
    private readonly path: string,
    { parts, specials }: PythonTokenizer,
    private readonly vocabularySize: number,
  ) {
    this.specials = specials;
    this.encoder = this.attempt(() => encoderOf(parts));
    this.unknownId = this.encoder.unknownId;
    this.decode = this.attempt(() => decoderOf(parts));
    this.attempt(() => {
      // What is malformed shows at the first text, if not before.
      const { before, after } = this.encoder.around;
      this.checked([...before, ...after]);
      this.decode(this.encoder.ids('Any text.').flatMap(id => this.encoder.token(id) ?? []));
    });
  }

  /**
   * A text's tokens.
   * @param special whether those that belong around a text are among them
   * @throws UserError where one of them is none of the model's, or the text is no Unicode
   */
  ids(text: string, special = true): number[] {
    const { before, after } = this.encoder.around;
    const ids = this.idsWithin(text);
    return this.checked(special ? [...before, ...ids, ...after] : ids);
  }

  /** A text's tokens as something is to follow it: with what belongs before it, without what belongs behind it. */
  idsToGoOn(text: string): number[] {
    return this.checked([...this.encoder.around.before, ...this.idsWithin(text)]);
  }

  idOf(token: string): number | undefined {
    return this.encoder.idOf(token);
  }

  token(id: number): string | undefined {
    return this.encoder.token(id);
  }

  /** A token as a text, exactly as the vocabulary has it; none where it has no such token. */
  text(id: number): string | undefined {
    const token = this.encoder.token(id);
    if (token === undefined || this.encoder.isAdded(id)) return token;
    return this.attempt(() => this.decode([token]));
  }

  private idsWithin(text: string): number[] {
    if (HALF_A_CHARACTER.test(text))
      throw new UserError(
        `the text ${JSON.stringify(text)} has half a character in it`,
        'A character beyond U+FFFF is written with two halves, one after the other.',
      );
    return this.attempt(() => this.encoder.ids(text));
  }

  private checked(ids: number[]): number[] {
    const wrong = ids.find(id => id >= this.vocabularySize);
    if (wrong === undefined) return ids;
    throw new UserError(
      `${this.path}: the token ${JSON.stringify(this.token(wrong))} has the id ${wrong}, and the model's vocabulary ends at ${this.vocabularySize - 1}`,
      'Write the prompt without it: the model has learnt nothing of it.',
    );
  }

  private attempt<T>(work: () => T): T {
    return blamingFile(this.path, work);
  }
}

/** The library's tokenizers have their decoder in them; all else is left out. */
function decoderOf({ decoder }: TokenizerParts): (tokens: readonly string[]) => string {
  if (decoder === null) return tokens => tokens.join(' ');
  const nothing = { normalizer: null, pre_tokenizer: null, post_processor: null, added_tokens: [] };
  const model = { type: 'WordPiece', vocab: {} };
  const made = new HubTokenizer({ ...nothing, model, decoder }, {}).decoder;
  return tokens => String(made.decode([...tokens]));
}

/** Half of a pair of surrogates without its other half. */
const HALF_A_CHARACTER = /\p{Cs}/u;
