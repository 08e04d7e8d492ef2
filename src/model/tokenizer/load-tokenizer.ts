import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { fileExists, readJsonFile } from '../../files.js';
import type { ModelShape } from '../language-model.js';
import { bytePairTokenizer } from './byte-pair.js';
import { CausalTokenizer } from './causal-tokenizer.js';
import { MaskedTokenizer } from './masked-tokenizer.js';
import { checkTokenIds } from './token-ids.js';
import type { Tokenizer } from './tokenizer.js';
import { wordPieceTokenizer } from './word-piece.js';

export const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
] as const;

const part = z.looseObject({ type: z.string() }).nullish();
const tokenizerSchema = z.looseObject({
  model: z.looseObject({ type: z.string().optional() }),
  added_tokens: z.array(z.looseObject({ id: z.number(), content: z.string() })).nullish(),
  normalizer: part,
  pre_tokenizer: part,
  post_processor: part,
  decoder: part,
});
const configSchema = z.looseObject({});
const vocabularySchema = z.record(z.string(), z.int().nonnegative());

const FETCH_AGAIN = 'The file is damaged or of another kind: fetch it again.';

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads `tokenizer.json`, or where there is none the vocabulary that it is made from: `vocab.txt` for a masked model,
 * `vocab.json` and `merges.txt` for a causal one.
 * @param shape of the model: the tokenizer must not know tokens that the model has no row for
 */
export async function loadTokenizer(
  folder: string,
  shape: Pick<ModelShape, 'vocabularySize' | 'causal'>,
): Promise<Tokenizer> {
  const configPath = join(folder, 'tokenizer_config.json');
  const parsed = configSchema.safeParse((await fileExists(configPath)) ? await readJsonFile(configPath) : {});
  if (!parsed.success) throw new UserError(`${configPath}: not a JSON object`, FETCH_AGAIN);
  const config = parsed.data;
  const { path, json } = await tokenizerJson(folder, shape.causal, config);
  checkTokenIds(path, json, shape.vocabularySize);
  const tokenizer = build(path, () => new HubTokenizer(json, config));
  const largest = Math.max(...tokenizer.get_vocab(true).values());
  if (largest >= shape.vocabularySize) {
    throw new UserError(
      `${path}: knows token ${largest}, and the model's vocabulary ends at ${shape.vocabularySize - 1}`,
      'The tokenizer and the weights are not of one model.',
    );
  }
  return shape.causal ? new CausalTokenizer(tokenizer) : new MaskedTokenizer(tokenizer);
}

/** What `tokenizer.json` holds, or would hold, and the file that it is from. */
async function tokenizerJson(
  folder: string,
  causal: boolean,
  config: Json,
): Promise<{ path: string; json: object }> {
  const path = join(folder, 'tokenizer.json');
  if (await fileExists(path)) {
    const parsed = tokenizerSchema.safeParse(await readJsonFile(path));
    if (!parsed.success)
      throw new UserError(`${path}: not a tokenizer (${whatIsWrong(parsed.error)})`, FETCH_AGAIN);
    return { path, json: parsed.data };
  }
  const [lines, pairs, merges] = ['vocab.txt', 'vocab.json', 'merges.txt'].map(name => join(folder, name));
  if (causal && (await fileExists(pairs)) && (await fileExists(merges))) {
    const vocabulary = vocabularySchema.safeParse(await readJsonFile(pairs));
    if (!vocabulary.success) throw new UserError(`${pairs}: not a vocabulary, which gives each token its id`);
    return { path: pairs, json: bytePairTokenizer(vocabulary.data, await readLines(merges)) };
  }
  if (!causal && (await fileExists(lines)))
    return { path: lines, json: wordPieceTokenizer(await readLines(lines), config) };
  throw new UserError(
    `${folder}: no tokenizer.json and no ${causal ? 'vocab.json with merges.txt' : 'vocab.txt'}`,
    'Copy one of them from where the model is from.',
  );
}

async function readLines(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').map(line => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** What is malformed shows at the first text, if not before. */
function build(path: string, make: () => HubTokenizer): HubTokenizer {
  try {
    const tokenizer = make();
    tokenizer.decode(tokenizer.encode('Any text.').ids, { skip_special_tokens: false });
    return tokenizer;
  } catch (error) {
    throw new UserError(
      `${path}: not a tokenizer that kn can use (${error instanceof Error ? error.message : error})`,
      FETCH_AGAIN,
    );
  }
}

function whatIsWrong({ issues: [issue] }: z.ZodError): string {
  return `its ${issue?.path.join('.')}: ${issue?.message}`;
}
