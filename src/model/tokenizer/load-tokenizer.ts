import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { nameIsTaken, readJsonFile } from '../../files.js';
import { LARGEST_DESCRIPTION, readPlainText } from '../../plain-file.js';
import type { ModelShape } from '../language-model.js';
import { bytePairTokenizer } from './byte-pair.js';
import { CausalTokenizer } from './causal-tokenizer.js';
import { CheckedTokenizer, FETCH_AGAIN } from './checked-tokenizer.js';
import { MaskedTokenizer } from './masked-tokenizer.js';
import { checkTokenIds } from './token-ids.js';
import type { Tokenizer } from './tokenizer.js';
import { checkMerges, checkPairs, checkRows, checkRowsRoughly, checkWords } from './whole-vocabulary.js';
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
  added_tokens: z
    .array(z.looseObject({ id: z.number(), content: z.string() }))
    .nullish()
    .transform(tokens => tokens ?? []),
  normalizer: part,
  pre_tokenizer: part,
  post_processor: part,
  decoder: part,
});
/** What is read of it, and what the library reads. */
const configSchema = z.looseObject({
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
  clean_up_tokenization_spaces: z.boolean().nullish(),
  remove_space: z.boolean().nullish(),
  do_lowercase_and_remove_accent: z.boolean().nullish(),
  additional_special_tokens: z.array(z.unknown()).nullish(),
  added_tokens_decoder: z.record(z.string(), z.looseObject({ content: z.string() })).nullish(),
});
type TokenizerConfig = z.infer<typeof configSchema>;
/** Not a record of zod's, which leaves out a token "__proto__" without a word. */
const idsSchema = z.custom<Record<string, number>>(
  value =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(id => typeof id === 'number'),
);

type Rows = Pick<ModelShape, 'vocabularySize' | 'causal'>;

/**
 * Reads `tokenizer.json`, or where there is none the vocabulary that it is made from: `vocab.txt` for a masked model,
 * `vocab.json` and `merges.txt` for a causal one.
 * @param shape of the model: the tokenizer must not know tokens that the model has no row for, nor lack those of its rows
 * @throws UserError, naming the file, where one is missing, malformed, cut off, or of another model
 */
export async function loadTokenizer(folder: string, shape: Rows): Promise<Tokenizer> {
  const config = await readTokenizerConfig(join(folder, 'tokenizer_config.json'));
  const { path, json } = await tokenizerJson(folder, shape, config);
  checkTokenIds(path, json, shape.vocabularySize);
  const tokenizer = new CheckedTokenizer(path, json, config, shape.vocabularySize);
  return shape.causal ? new CausalTokenizer(tokenizer) : new MaskedTokenizer(tokenizer);
}

async function readTokenizerConfig(path: string): Promise<TokenizerConfig> {
  if (!(await nameIsTaken(path))) return {};
  const parsed = configSchema.safeParse(await readJsonFile(path));
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${path}: not the configuration of a tokenizer (${whatIsWrong(parsed.error)})`,
    FETCH_AGAIN,
  );
}

/** What `tokenizer.json` holds, or would hold, and the file that it is from. */
async function tokenizerJson(
  folder: string,
  { causal, vocabularySize }: Rows,
  config: TokenizerConfig,
): Promise<{ path: string; json: object }> {
  const path = join(folder, 'tokenizer.json');
  if (await nameIsTaken(path)) {
    const parsed = tokenizerSchema.safeParse(await readJsonFile(path));
    if (!parsed.success)
      throw new UserError(`${path}: not a tokenizer (${whatIsWrong(parsed.error)})`, FETCH_AGAIN);
    const json = parsed.data;
    checkRowsRoughly(path, knownIds(json, {}, {}), vocabularySize);
    checkBytePairs(path, json.model);
    return { path, json };
  }
  const [lines, pairs, merges] = ['vocab.txt', 'vocab.json', 'merges.txt'].map(name => join(folder, name));
  const isThere = await nameIsTaken(causal ? pairs : lines);
  if (!isThere || (causal && !(await nameIsTaken(merges))))
    throw new UserError(
      `${folder}: no tokenizer.json and no ${causal ? 'vocab.json with merges.txt' : 'vocab.txt'}`,
      'Copy one of them from where the model is from.',
    );
  const json = causal ? await bytePairs(pairs, merges) : await wordPieces(lines, config);
  const added = await readIds(join(folder, 'added_tokens.json'));
  checkRows(causal ? pairs : lines, knownIds(json, added, config), vocabularySize);
  return { path: causal ? pairs : lines, json };
}

async function wordPieces(path: string, config: TokenizerConfig) {
  const words = await readLines(path);
  checkWords(path, words);
  return wordPieceTokenizer(words, config);
}

async function bytePairs(pairsPath: string, mergesPath: string) {
  const vocabulary = await readIds(pairsPath);
  const merges = await readLines(mergesPath);
  const json = bytePairTokenizer(vocabulary, merges);
  checkMerges(mergesPath, json.model.merges, vocabulary);
  return json;
}

/** Ids by token, from a file; none where it is not there. */
async function readIds(path: string): Promise<Record<string, number>> {
  if (!(await nameIsTaken(path))) return {};
  const parsed = idsSchema.safeParse(await readJsonFile(path));
  if (parsed.success) return parsed.data;
  throw new UserError(`${path}: not a vocabulary, which gives each token its id`, FETCH_AGAIN);
}

/** How many ids have a token: of the vocabulary, and of those that were added later, wherever they are told. */
function knownIds(
  { model, added_tokens }: { model: object; added_tokens: readonly { id?: number | undefined }[] },
  added: Readonly<Record<string, number>>,
  { added_tokens_decoder }: TokenizerConfig,
): number {
  const vocabulary =
    'vocab' in model && typeof model.vocab === 'object' && model.vocab !== null ? model.vocab : {};
  const own: unknown[] = Array.isArray(vocabulary) ? [...vocabulary.keys()] : Object.values(vocabulary);
  const later = [...added_tokens.map(({ id }) => id), ...Object.values(added)];
  return new Set([...own, ...later, ...Object.keys(added_tokens_decoder ?? {}).map(Number)]).size;
}

/** @throws UserError where a merge of a tokenizer.json makes no token: its vocabulary lacks some, or it is of another model */
function checkBytePairs(path: string, model: Readonly<Record<string, unknown>>): void {
  const { type, vocab, merges, continuing_subword_prefix: prefix } = model;
  if (type !== 'BPE' || !Array.isArray(merges) || typeof vocab !== 'object' || vocab === null || prefix)
    return;
  const pairs = merges.map(merge => (typeof merge === 'string' ? merge.split(' ') : [merge].flat()));
  checkPairs(path, pairs, Object.fromEntries(Object.entries(vocab)));
}

async function readLines(path: string): Promise<string[]> {
  const text = await readPlainText(path, LARGEST_DESCRIPTION);
  const lines = text.split('\n').map(line => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function whatIsWrong({ issues: [issue] }: z.ZodError): string {
  return issue?.path.length ? `its ${issue.path.join('.')}: ${issue.message}` : 'not a JSON object';
}
