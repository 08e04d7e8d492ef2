/** Parts of a tokenizer.json by themselves, each beside what the Rust tokenizers (0.23) give for it. */
import { describe, expect, it } from 'vitest';
import { rustNumber } from '../rust-numbers.js';
import { byteName } from './byte-letters.js';
import { characterSet } from './character-set.js';
import { normalForm, smallLetters } from './normal-forms.js';
import { normalizerOf } from './normalizer.js';
import { fromOniguruma } from './oniguruma.js';
import type { Part } from './part.js';
import { preTokenizerOf } from './pre-tokenizer.js';
import { SPLIT_BEHAVIORS } from './split.js';
import { UnbuiltPart } from './unbuilt-part.js';
import { unigramModel } from './unigram.js';
import { wordModelOf } from './word-model.js';

const wordsOf = (part: Part, text: string) =>
  preTokenizerOf(part)([{ text, isFirst: true }]).map(word => word.text);

const LLAMA3 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const split = (Regex: string, behavior: string, invert = false): Part => ({
  ...{ type: 'Split', pattern: { Regex }, behavior, invert },
});

describe('a regular expression of a tokenizer.json', () => {
  it.each([
    ["it'ſx", ['it', "'ſ", 'x']],
    ["IT'Sx 12345 \n\n a", ['IT', "'S", 'x', ' ', '123', '45', ' \n\n', ' a']],
    ['é½ Ⅳ', ['é', '½', ' ', 'Ⅳ']],
    ['a\u00a0\u0085b', ['a', '\u00a0', '\u0085b']],
    ['\u1c89 \u0897x', ['\u1c89', ' \u0897', 'x']],
  ])('splits %j as in Rust, with its letters, spaces and cases', (text, words) => {
    expect(wordsOf(split(LLAMA3, 'Isolated'), text)).toEqual(words);
  });

  it.each([
    ...[
      'a++',
      '(?<=a)b',
      '(?>a)',
      '\\bword',
      '^a',
      'a$',
      '\\w+',
      '[[:alpha:]]',
      '[a&&b]',
      '\\p{Greek}',
      'a+?',
    ],
    ...['(?i:é)', '(?i:[a-z])', '(?i:ss)', '\\x41', '(a', '[a', '(?m)a'],
  ])('is refused where it has what means another thing elsewhere, or is not known: %s', source => {
    expect(() => fromOniguruma(source)).toThrow(UnbuiltPart);
  });
});

describe('a splitter', () => {
  const TEXT = '.a..b. c!';
  it.each([
    ['Removed', ['a', 'b', ' c'], ['a', 'b', 'c']],
    ['Isolated', ['.', 'a', '.', '.', 'b', '.', ' c', '!'], ['.', 'a', '..', 'b', '. ', 'c', '!']],
    ['MergedWithPrevious', ['.', 'a.', '.', 'b.', ' c!'], ['.', 'a..', 'b. ', 'c!']],
    ['MergedWithNext', ['.a', '.', '.b', '. c', '!'], ['.a', '..b', '. c', '!']],
    ['Contiguous', ['.', 'a', '..', 'b', '.', ' c', '!'], ['.', 'a', '..', 'b', '. ', 'c', '!']],
  ])('keeps what it splits at as %s', (behavior, atMarks, betweenLetters) => {
    expect(SPLIT_BEHAVIORS).toContain(behavior);
    expect(wordsOf({ type: 'Punctuation', behavior }, TEXT)).toEqual(atMarks);
    expect(wordsOf(split('[a-z]+', behavior, true), TEXT)).toEqual(betweenLetters);
  });

  it('prepends a mark where a prompt begins, or always, or never', () => {
    const words = (prepend_scheme: string, isFirst: boolean) =>
      preTokenizerOf({ type: 'Metaspace', replacement: '▁', prepend_scheme, split: true })([
        { text: 'to be', isFirst },
      ]).map(({ text }) => text);
    expect(words('first', true)).toEqual(['▁to', '▁be']);
    expect(words('first', false)).toEqual(['to', '▁be']);
    expect(words('always', false)).toEqual(['▁to', '▁be']);
    expect(words('never', true)).toEqual(['to', '▁be']);
  });
});

describe('characters', () => {
  it.each([
    ['NFD', '\u{105c9}', '\u{105c9}'],
    ['NFKC', '\u32ff', '\u32ff'],
    ['NFD', 'a\u0345\u08d3\u0334', 'a\u0345\u08d3\u0334'],
    ['NFKC', 'ﬁÅ\u212b', 'fiÅÅ'],
  ] as const)('have the normal form %s of Unicode 9: %j', (form, text, normal) => {
    expect(normalForm(text, form)).toBe(normal);
  });

  it('are without marks and control characters as far as Rust knows these', () => {
    const bert = { clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true };
    const normalize = normalizerOf({ type: 'BertNormalizer', ...bert });
    expect(normalize('É\u0897\u1ab0x\u00ad\u08e2\u3000\u{2b820}')).toBe('e\u0897x\u08e2 \u{2b820}');
    expect(normalizerOf({ type: 'StripAccents' })('e\u0301\u0897a\u1ab0')).toBe('e\u0897a');
  });

  it('become small one by one, late ones too', () => {
    expect(smallLetters('ΟΔΟΣ')).toBe('οδοσ');
    expect(smallLetters('\u{10d50}\ua7cb')).toBe('\u{10d70}\u0264');
  });

  it('are in a set, or among all others', () => {
    const letters = characterSet('L');
    for (const text of ['a', 'Z', 'é', '中', '\u{20000}', '0', ' ', '\u0301', '\u{10ffff}', '\0']) {
      const isLetter = /\p{L}/u.test(text);
      expect(letters.has(text.codePointAt(0) ?? 0)).toBe(isLetter);
      expect(new RegExp(`[${letters.source}]`, 'u').test(text)).toBe(isLetter);
      expect(new RegExp(`[${letters.others}]`, 'u').test(text)).toBe(!isLetter);
    }
  });
});

describe('a unigram model', () => {
  it.each([
    [-0.9385958677423489, -0.9385958677423488],
    [-3.8120423768821246, -3.812042376882125],
    [-1.3436424411240122, -1.3436424411240122],
    [0, 0],
    [-5, -5],
    [1.5e-7, 1.5e-7],
  ])('has the probability %d of a file as Rust reads it', (value, read) => {
    expect(rustNumber(value)).toBe(read);
  });

  const vocab = [
    ['<unk>', 0],
    ['a', -1],
    ['b', -1],
    ['ab', -2],
    ['<0xC3>', -9],
    ['<0xA9>', -9],
  ] as const;

  it('takes of two equal readings that with the longer beginning, and unknown characters in a row for one', () => {
    const ids = unigramModel({ vocab, unk_id: 0 });
    expect(ids('ab')).toEqual([3]);
    expect(ids('aéüb')).toEqual([1, 0, 2]);
    expect(ids('')).toEqual([]);
  });

  it('writes what it lacks as bytes where it can', () => {
    const ids = unigramModel({ vocab, unk_id: 0, byte_fallback: true });
    expect(ids('aé')).toEqual([1, 4, 5]);
    expect(ids('aü')).toEqual([1, 0]);
  });

  it('takes no text with characters that it lacks where it has no token for them', () => {
    expect(() => unigramModel({ vocab, unk_id: null })('aé')).toThrow('a text has what its vocabulary lacks');
  });
});

describe('byte pairs', () => {
  const model = (options: object) =>
    wordModelOf({
      type: 'BPE',
      vocab: { '<unk>': 0, a: 1, b: 2, ab: 3, ba: 4, aba: 5, c: 6, 'b</w>': 7 },
      merges: ['a b', 'b a', 'ab a'],
      unk_token: '<unk>',
      ...options,
    });

  it('are merged by rank, and those of one rank from the left', () => {
    expect(model({}).ids('abab')).toEqual([3, 3]);
    expect(model({}).ids('bab')).toEqual([2, 3]);
    expect(model({}).ids('aba')).toEqual([5]);
  });

  it('leave unknown characters one by one, or make one of those in a row', () => {
    expect(model({}).ids('aéüb')).toEqual([1, 0, 0, 2]);
    expect(model({ fuse_unk: true }).ids('aéüb')).toEqual([1, 0, 2]);
    // Without a token for them they are gone before anything is merged.
    expect(model({ unk_token: null }).ids('aéb')).toEqual([3]);
  });

  it('have an unknown token where there is something that they lack', () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => byteName(byte));
    const vocab = Object.fromEntries(['<unk>', 'a', ...bytes].map((name, id) => [name, id]));
    const whole = { vocab, merges: [], byte_fallback: true };
    expect(model(whole).unknownId).toBeUndefined();
    expect(model(whole).ids('aé')).toEqual([1, 2 + 0xc3, 2 + 0xa9]);
    expect(model({ ...whole, byte_fallback: false }).unknownId).toBe(0);
    const { '<0xFF>': _, ...most } = vocab;
    expect(model({ ...whole, vocab: most }).unknownId).toBe(0);
  });

  it('write an end of a word behind its last character', () => {
    expect(model({ end_of_word_suffix: '</w>' }).ids('cb')).toEqual([6, 7]);
  });
});
