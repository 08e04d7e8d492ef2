import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { UserError } from '../errors.js';
import { fileExists, readJsonFile } from '../files.js';
import { wordPieceTokenizer } from './word-piece.js';

export const MASK = '[MASK]';

export const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'vocab.txt'] as const;

export interface EncodedPrompt {
  /** Token ids with [CLS] and [SEP]. */
  readonly tokens: readonly number[];
  /** Where the mask is among them. */
  readonly position: number;
}

/** A model's tokenizer, as the method uses it: masked prompts in, and answers of one token. */
export class Tokenizer {
  private readonly maskId: number;
  private readonly unknownId: number | undefined;

  constructor(private readonly tokenizer: HubTokenizer) {
    const maskId = tokenizer.token_to_id(MASK);
    if (maskId === undefined)
      throw new UserError(`the tokenizer has no ${MASK} token`, 'Choose a masked language model.');
    this.maskId = maskId;
    this.unknownId = tokenizer.token_to_id('[UNK]');
  }

  /**
   * @param maxTokens what the model takes
   * @throws UserError where the prompt has not exactly one mask, or is too long
   */
  encode(prompt: string, maxTokens: number): EncodedPrompt {
    const tokens: number[] = this.tokenizer.encode(prompt).ids;
    const masks = tokens.filter(id => id === this.maskId).length;
    if (masks !== 1) {
      throw new UserError(
        `the prompt "${prompt}" has ${masks === 0 ? 'no' : masks} ${MASK}, where one is needed`,
        `Write ${MASK} once, where the answer belongs: "the capital of france is ${MASK}".`,
      );
    }
    if (tokens.length > maxTokens) {
      throw new UserError(
        `the prompt "${prompt.slice(0, 60)}..." is ${tokens.length} tokens long, and the model takes ${maxTokens}`,
        'Shorten it.',
      );
    }
    return { tokens, position: tokens.indexOf(this.maskId) };
  }

  /** The answer's token id, or what keeps it from being one. */
  lookUp(answer: string): { id: number } | { problem: string } {
    const { ids, tokens } = this.tokenizer.encode(answer, { add_special_tokens: false });
    if (ids.length === 1 && ids[0] !== this.unknownId) return { id: ids[0] };
    if (ids.length === 0) return { problem: 'is empty' };
    if (ids.includes(this.unknownId ?? -1)) return { problem: 'has characters that the vocabulary lacks' };
    return { problem: `is ${ids.length} tokens in this vocabulary (${tokens.join(' ')}), not one` };
  }

  /** @throws UserError where the answer is not one token of the vocabulary */
  answerId(answer: string): number {
    const found = this.lookUp(answer);
    if ('id' in found) return found.id;
    throw new UserError(`the answer "${answer}" ${found.problem}`, 'Choose an answer that is one token.');
  }

  token(id: number): string {
    return this.tokenizer.id_to_token(id) ?? `#${id}`;
  }
}

const tokenizerSchema = z.looseObject({ model: z.looseObject({ type: z.string().optional() }) });

/**
 * Reads `tokenizer.json`, or `vocab.txt` where that is all there is.
 * @param vocabularySize of the model: the tokenizer must not know tokens that the model has no row for
 */
export async function loadTokenizer(folder: string, vocabularySize: number): Promise<Tokenizer> {
  const [tokenizerPath, configPath, vocabularyPath] = TOKENIZER_FILES.map(name => join(folder, name));
  const config = (await fileExists(configPath))
    ? z.looseObject({}).parse(await readJsonFile(configPath))
    : {};
  const has = { tokenizer: await fileExists(tokenizerPath), vocabulary: await fileExists(vocabularyPath) };
  if (!has.tokenizer && !has.vocabulary) {
    throw new UserError(
      `${folder}: no tokenizer.json and no vocab.txt`,
      'Copy one of them from where the model is from.',
    );
  }
  const path = has.tokenizer ? tokenizerPath : vocabularyPath;
  let tokenizer: HubTokenizer;
  if (has.tokenizer) {
    const parsed = tokenizerSchema.safeParse(await readJsonFile(path));
    if (!parsed.success) throw new UserError(`${path}: not a tokenizer (no "model")`);
    tokenizer = build(path, () => new HubTokenizer(parsed.data, config));
  } else {
    const vocabulary = (await readFile(path, 'utf8')).split('\n').map(line => line.replace(/\r$/, ''));
    if (vocabulary.at(-1) === '') vocabulary.pop();
    tokenizer = build(path, () => new HubTokenizer(wordPieceTokenizer(vocabulary, config), config));
  }
  const largest = Math.max(...tokenizer.get_vocab(true).values());
  if (largest >= vocabularySize) {
    throw new UserError(
      `${path}: knows token ${largest}, and the model's vocabulary ends at ${vocabularySize - 1}`,
      'The tokenizer and the weights are not of one model.',
    );
  }
  return new Tokenizer(tokenizer);
}

function build(path: string, make: () => HubTokenizer): HubTokenizer {
  try {
    return make();
  } catch (error) {
    throw new UserError(
      `${path}: not a tokenizer that kn can use (${error instanceof Error ? error.message : error})`,
    );
  }
}
