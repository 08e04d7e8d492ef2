import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { nameIsTaken, readJsonFile } from '../../files.js';
import { LARGEST_DESCRIPTION, readPlainText } from '../../plain-file.js';
import type { ModelShape } from '../language-model.js';
import { CausalTokenizer } from './causal-tokenizer.js';
import { CheckedTokenizer } from './checked-tokenizer.js';
import { checkParts } from './encoder.js';
import { blamingFile, FETCH_AGAIN, whatIsWrong } from './file-fault.js';
import { MaskedTokenizer } from './masked-tokenizer.js';
import { WHITE_SPACE } from './parts/character-set.js';
import { type PythonTokenizer, pythonTokenizer, type TokenizerJson } from './python-tokenizer.js';
import type { Vocabulary } from './rebuilt-tokenizer.js';
import {
  specialTokensMapSchema,
  type TokenFiles,
  type TokenizerConfig,
  tokenizerConfigSchema,
} from './special-tokens.js';
import { checkTokenIds } from './token-ids.js';
import type { Tokenizer } from './tokenizer.js';
import { type TokenizerClass, tokenizerClass } from './tokenizer-class.js';
import { tokenizerJsonSchema, vocabularySchema } from './tokenizer-json.js';
import { checkMerges, checkPairs, checkRows, checkRowsRoughly, checkWords } from './whole-vocabulary.js';

export const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
] as const;

/** What is read of config.json: which class a tokenizer is of, where nothing else says it. */
const modelSchema = z.looseObject({
  model_type: z.string().nullish(),
  tokenizer_class: z.string().nullish(),
});

const ownCodeSchema = z.union([z.array(z.unknown()), z.looseObject({ AutoTokenizer: z.unknown() })]);

type Rows = Pick<ModelShape, 'vocabularySize' | 'causal'>;

/** Of a masked or a causal model: {@link loadCheckedTokenizer} with prompts and answers. */
export async function loadTokenizer(folder: string, shape: Rows): Promise<Tokenizer> {
  const tokenizer = await loadCheckedTokenizer(folder, shape);
  return shape.causal ? new CausalTokenizer(tokenizer) : new MaskedTokenizer(tokenizer);
}

/**
 * Reads a folder's tokenizer as transformers' AutoTokenizer does: `tokenizer.json`, or where there is none the vocabulary that it is
 * made from, `vocab.txt` or `vocab.json` and `merges.txt`; and what stands beside it.
 * @param shape of the model: the tokenizer's vocabulary must not go beyond the model's rows, nor lack those of its rows
 * @throws UserError, naming the file, where one is missing, malformed, cut off, of another model, or of a kind that kn does not build
 */
export async function loadCheckedTokenizer(folder: string, shape: Rows): Promise<CheckedTokenizer> {
  const { path, ...read } = await readTokenizer(folder, shape);
  checkTokenIds(path, read.parts, shape.vocabularySize);
  return new CheckedTokenizer(path, read, shape.vocabularySize);
}

async function readTokenizer(
  folder: string,
  { causal, vocabularySize }: Rows,
): Promise<PythonTokenizer & { path: string }> {
  const inFolder = (name: string) => join(folder, name);
  const config: TokenizerConfig =
    (await readIfThere(inFolder('tokenizer_config.json'), tokenizerConfigSchema, CONFIGURATION)) ?? {};
  const model = await readIfThere(inFolder('config.json'), modelSchema, 'the configuration of a model');
  const ownCode = ownCodeSchema.safeParse(config.auto_map).data;
  const made = tokenizerClass(
    {
      modelType: model ? (model.model_type ?? undefined) : causal ? 'gpt2' : 'bert',
      named: config.tokenizer_class || model?.tokenizer_class || undefined,
      hasOwnCode: Array.isArray(ownCode) || ownCode?.AutoTokenizer != null,
    },
    inFolder(config.tokenizer_class ? 'tokenizer_config.json' : 'config.json'),
  );
  const files = await readBeside(folder, config);

  const path = inFolder('tokenizer.json');
  const json = await readIfThere(path, tokenizerJsonSchema, 'a tokenizer');
  if (json) {
    checkTokenIds(path, json, Number.POSITIVE_INFINITY);
    checkBytePairs(path, json.model);
    blamingFile(path, () => checkParts(json));
    const read = pythonTokenizer(path, made, json, files);
    checkRowsRoughly(path, knownIds(read), vocabularySize);
    return { path, ...read };
  }
  const { path: textPath, vocabulary } = await readVocabulary(folder, made);
  const read = pythonTokenizer(textPath, made, vocabulary, files);
  checkRows(textPath, knownIds(read), vocabularySize);
  return { path: textPath, ...read };
}

/** What counts of the files of earlier times: nothing where the configuration lists the added tokens itself. */
async function readBeside(folder: string, config: TokenizerConfig): Promise<TokenFiles> {
  if (config.added_tokens_decoder !== undefined) return { config };
  const map = join(folder, 'special_tokens_map.json');
  return {
    config,
    map: await readIfThere(map, specialTokensMapSchema, 'a map of special tokens'),
    added: await readIfThere(join(folder, 'added_tokens.json'), vocabularySchema, IDS_BY_TOKEN),
  };
}

const CONFIGURATION = 'the configuration of a tokenizer';
const IDS_BY_TOKEN = 'a vocabulary, which gives each token its id';

/** The vocabulary of a folder without a tokenizer.json. */
async function readVocabulary(
  folder: string,
  made: TokenizerClass,
): Promise<{ path: string; vocabulary: Vocabulary }> {
  const [lines, pairs, merges] = ['vocab.txt', 'vocab.json', 'merges.txt'].map(name => join(folder, name));
  const isOfWords = made === 'BertTokenizer';
  const isOfPairs = OF_PAIRS.includes(made);
  if (isOfWords && (await nameIsTaken(lines))) return { path: lines, vocabulary: await wordPieces(lines) };
  if (isOfPairs && (await nameIsTaken(pairs)) && (await nameIsTaken(merges)))
    return { path: pairs, vocabulary: await bytePairs(pairs, merges) };
  const instead = isOfWords ? ' and no vocab.txt' : isOfPairs ? ' and no vocab.json with merges.txt' : '';
  throw new UserError(
    `${folder}: no tokenizer.json${instead}`,
    instead === ''
      ? `A ${made} is read from nothing else: copy it from where the model is from.`
      : 'Copy one of them from where the model is from.',
  );
}

const OF_PAIRS: readonly TokenizerClass[] = [
  'GPT2Tokenizer',
  'GPTNeoXTokenizer',
  'Qwen2Tokenizer',
  'RobertaTokenizer',
];

async function wordPieces(path: string): Promise<Vocabulary> {
  const spaces = new RegExp(`[${WHITE_SPACE}]+$`, 'u');
  const words = (await readLines(path)).map(line => line.replace(spaces, ''));
  checkWords(path, words);
  return { vocab: Object.fromEntries(words.map((word, id) => [word, id])), merges: [] };
}

async function bytePairs(pairsPath: string, mergesPath: string): Promise<Vocabulary> {
  const vocab = (await readIfThere(pairsPath, vocabularySchema, IDS_BY_TOKEN)) ?? {};
  const lines = await readLines(mergesPath);
  const merges = lines.filter(line => line !== '' && !line.startsWith('#version'));
  checkMerges(mergesPath, merges, vocab);
  return { vocab, merges };
}

/**
 * @param what the file should be
 * @returns what it holds, or nothing where it is not there
 */
async function readIfThere<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  what: string,
): Promise<z.infer<Schema> | undefined> {
  if (!(await nameIsTaken(path))) return undefined;
  const parsed = schema.safeParse(await readJsonFile(path));
  if (parsed.success) return parsed.data;
  throw new UserError(`${path}: not ${what} (${whatIsWrong(parsed.error)})`, FETCH_AGAIN);
}

/** How many ids have a token: of the vocabulary, and of those that were added later. */
function knownIds({ parts: { model, added_tokens } }: PythonTokenizer): number {
  const { vocab } = model;
  const own: unknown[] = Array.isArray(vocab) ? [...vocab.keys()] : Object.values(Object(vocab));
  return new Set([...own, ...added_tokens.map(({ id }) => id)]).size;
}

/** @throws UserError where a merge of a tokenizer.json makes no token: its vocabulary lacks some, or it is of another model */
function checkBytePairs(path: string, model: TokenizerJson['model']): void {
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
