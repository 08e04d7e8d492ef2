/**
 * Vocabularies in plain text show nothing where they are cut off: the tokens that are left would split every other word into
 * other pieces, and all numbers were those of other prompts.
 */
import { UserError } from '../../errors.js';
import { BYTE_LETTERS } from './parts/byte-letters.js';

const FETCH_AGAIN = 'The file is cut off, or not of this model: fetch it again.';

/** What matrices are padded to a multiple of: larger and smaller powers of two divide a vocabulary by chance. */
const [LEAST_PADDING, MOST_PADDING] = [8, 1024];

/**
 * Matrices of embeddings are padded to a multiple of some power of two (Pythia's 50,277 tokens have 50,304 rows), by less than
 * that; other rows without a token are those of tokens that are missing.
 * @param tokens how many ids are known, those of added tokens too
 * @param rows of the model's embeddings
 * @throws UserError where the tokens are too few for them
 */
export function checkRows(path: string, tokens: number, rows: number): void {
  if (isPadded(tokens, rows)) return;
  throw new UserError(
    `${path}: ${tokens} tokens, and the model's vocabulary has ${rows}`,
    `${FETCH_AGAIN.slice(0, -1)}. If the model has no more, save a tokenizer.json with transformers, which cannot be cut off unseen.`,
  );
}

/**
 * The same for a tokenizer.json, which is whole, being JSON: some published models have more rows than any padding
 * explains, but not by more than a twentieth.
 * @throws UserError
 */
export function checkRowsRoughly(path: string, tokens: number, rows: number): void {
  if (isPadded(tokens, rows) || (rows - tokens) * 20 <= rows) return;
  throw new UserError(
    `${path}: ${tokens} tokens, and the model's vocabulary has ${rows}`,
    'The tokenizer and the weights are not of one model.',
  );
}

function isPadded(tokens: number, rows: number): boolean {
  let multiple = 1;
  while (multiple < MOST_PADDING && rows % (2 * multiple) === 0) multiple *= 2;
  return rows - tokens < (multiple < LEAST_PADDING ? 1 : multiple);
}

/** @throws UserError, with both lines, where a token stands twice: only one of them can be its id */
export function checkWords(path: string, words: readonly string[]): void {
  const lineOf = new Map<string, number>();
  for (const [i, word] of words.entries()) {
    const before = lineOf.get(word);
    if (before !== undefined)
      throw new UserError(
        `${path}:${i + 1}: the token ${JSON.stringify(word)} stands in line ${before} too`,
        'A vocabulary has each token once: fetch it again.',
      );
    lineOf.set(word, i + 1);
  }
}

/**
 * Merges and vocabulary have to explain each other: what a merge makes is a token, and what is a token is made by one.
 * @param path of the merges
 * @param merges pairs of tokens, with a space between
 * @throws UserError where one is no pair of tokens, makes none, or stands twice, or a token is made by none
 */
export function checkMerges(
  path: string,
  merges: readonly string[],
  vocabulary: Readonly<Record<string, number>>,
): void {
  const made = checkPairs(
    path,
    merges.map(merge => merge.split(' ')),
    vocabulary,
  );
  const unmade = Object.keys(vocabulary).filter(token => !made.has(token) && isMadeByMerges(token));
  if (unmade.length === 0) return;
  const others = unmade.length > 1 ? ` and ${unmade.length - 1} others of the vocabulary` : '';
  throw new UserError(
    `${path}: none of its ${merges.length} merges makes the token ${JSON.stringify(unmade[0])}${others}`,
    FETCH_AGAIN,
  );
}

/**
 * @param pairs of a BPE model
 * @returns the tokens that they make
 * @throws UserError where one is no pair of the vocabulary's tokens, or makes none of them, or stands twice
 */
export function checkPairs(
  path: string,
  pairs: readonly (readonly unknown[])[],
  vocabulary: Readonly<Record<string, unknown>>,
): Set<string> {
  const made = new Set<string>();
  const seen = new Set<string>();
  for (const [i, pair] of pairs.entries()) {
    const [left, right] = pair;
    const named = `${path}: merge ${i + 1} of ${pairs.length}, ${JSON.stringify(pair.join(' '))},`;
    if (pair.length !== 2 || typeof left !== 'string' || typeof right !== 'string' || !left || !right)
      throw new UserError(`${named} is no pair of tokens`, FETCH_AGAIN);
    const lacking = [left, right, left + right].find(token => !Object.hasOwn(vocabulary, token));
    if (lacking !== undefined)
      throw new UserError(
        `${named} needs the token ${JSON.stringify(lacking)}, which the vocabulary lacks`,
        FETCH_AGAIN,
      );
    const key = `${left} ${right}`;
    if (seen.has(key)) throw new UserError(`${named} stands there twice`, FETCH_AGAIN);
    seen.add(key);
    made.add(left + right);
  }
  return made;
}

/** What GPT-2 takes for one word before it looks for tokens: special tokens such as <|endoftext|> are several. */
const WORD = /^(?:'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+)$/u;

/** Whether a token of a byte-level vocabulary is there because merges make it: it is more than a byte, and lies within a word. */
function isMadeByMerges(token: string): boolean {
  if ([...token].length < 2) return false;
  const bytes = [...token].map(letter => byteOfLetter.get(letter));
  if (bytes.includes(undefined)) return false;
  try {
    return WORD.test(
      new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes, byte => byte ?? 0)),
    );
  } catch {
    return true; // a part of a character
  }
}

const byteOfLetter = new Map(BYTE_LETTERS.map((letter, byte) => [letter, byte]));
