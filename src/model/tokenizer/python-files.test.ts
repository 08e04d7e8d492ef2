/** What stands beside a vocabulary counts as it does in Python, or the tokenizer is refused by the name of what kn does not build. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../errors.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { TOKENIZER_KINDS } from '../../testing/tokenizer-kinds.js';
import { loadCheckedTokenizer, loadTokenizer } from './load-tokenizer.js';

function folderWith(files: Readonly<Record<string, string>>, folder = temporaryFolder()): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

function load(files: Readonly<Record<string, string>>) {
  const { vocab_size }: { vocab_size: number } = JSON.parse(files['config.json']);
  return loadCheckedTokenizer(folderWith(files), { vocabularySize: vocab_size, causal: false });
}

describe('a tokenizer with', () => {
  it.each(TOKENIZER_KINDS)('$what gives the ids of Python', async ({ files, text, ids }) => {
    expect((await load(files)).ids(text)).toEqual(ids);
  });
});

/** Prints the ids of a text in each folder, as JSON. */
const PROGRAM = `
import json, sys
from transformers import AutoTokenizer
print(json.dumps([AutoTokenizer.from_pretrained(f)(t)["input_ids"] for f, t in json.loads(sys.argv[1])]))
`;
const PYTHON = process.env.KN_TEST_PYTHON;

it.skipIf(PYTHON === undefined)(
  'Python itself gives these ids (needs KN_TEST_PYTHON)',
  { timeout: 120_000 },
  async () => {
    const root = temporaryFolder();
    const asked = TOKENIZER_KINDS.map(({ files, text }, i) => [
      folderWith(files, join(root, String(i))),
      text,
    ]);
    const { stdout } = await promisify(execFile)(PYTHON ?? '', ['-c', PROGRAM, JSON.stringify(asked)], {
      env: { ...process.env, HF_HUB_OFFLINE: '1' },
    });
    expect(JSON.parse(stdout)).toEqual(TOKENIZER_KINDS.map(({ ids }) => ids));
  },
);

const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'river', 'is', 'loire', '##s'];
const OF_WORDS = {
  'config.json': JSON.stringify({ model_type: 'bert', vocab_size: WORDS.length }),
  'vocab.txt': `${WORDS.join('\n')}\n`,
};
const configured = (config: object) => ({ ...OF_WORDS, 'tokenizer_config.json': JSON.stringify(config) });

function tokenizerJson(parts: object): string {
  return JSON.stringify({
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
    },
    ...parts,
  });
}

const withJson = (parts: object, config: object = { tokenizer_class: 'PreTrainedTokenizerFast' }) => ({
  'config.json': OF_WORDS['config.json'],
  'tokenizer.json': tokenizerJson(parts),
  'tokenizer_config.json': JSON.stringify(config),
});

const template = (single: readonly unknown[], id: number) => ({
  post_processor: {
    type: 'TemplateProcessing',
    single,
    pair: [],
    special_tokens: { '[CLS]': { id: '[CLS]', ids: [id], tokens: ['[CLS]'] } },
  },
});
const CLS = { SpecialToken: { id: '[CLS]', type_id: 0 } };
const A = { Sequence: { id: 'A', type_id: 0 } };

describe('a tokenizer is refused', () => {
  it.each<readonly [string, Readonly<Record<string, string>>, string]>([
    [
      'of a class that kn does not build',
      configured({ tokenizer_class: 'BertJapaneseTokenizer' }),
      'tokenizer_config.json: its tokenizer is of the class "BertJapaneseTokenizer"',
    ],
    [
      'with code of its own and no class',
      configured({ auto_map: { AutoTokenizer: ['own.Tokenizer', null] } }),
      'code of its own',
    ],
    [
      'that needs a tokenizer.json and has none',
      configured({ tokenizer_class: 'PreTrainedTokenizerFast' }),
      'no tokenizer.json',
    ],
    [
      'whose files give a token another id than Python does',
      { ...OF_WORDS, 'added_tokens.json': '{"weir": 17}' },
      `vocab.txt: the files beside it give the token "weir" the id 17, and by Python's rules it has 10`,
    ],
    ['with null for a token that its class needs', configured({ cls_token: null }), 'its cls_token is null'],
    [
      'with null for what its class has to know',
      configured({ do_lower_case: null }),
      'do_lower_case of its configuration is null',
    ],
    ['that splits special tokens', configured({ split_special_tokens: true }), 'kn splits no special tokens'],
    [
      'with a token that does not say what it is',
      configured({ mask_token: { content: '[MASK]' } }),
      'tokenizer_config.json: not the configuration of a tokenizer (its mask_token: ',
    ],
    [
      'whose post-processor is none, though the class makes its own',
      withJson(template([7, A], 2), { tokenizer_class: 'BertTokenizer' }),
      'its post_processor: its single.0: ',
    ],
    [
      'whose post-processor has other ids than the vocabulary',
      withJson(template([CLS, A], 3)),
      'its post-processor has the id 3 for "[CLS]", and its vocabulary 2',
    ],
    [
      'whose post-processor has the text twice',
      withJson(template([A, CLS, A], 2)),
      'its post-processor with a text twice or none is none that kn builds',
    ],
    [
      'with a normaliser that kn does not build',
      withJson({ normalizer: { type: 'Nmt' } }),
      'its normalizer "Nmt" is none that kn builds',
    ],
    [
      'with a splitter that kn does not build',
      withJson({ pre_tokenizer: { type: 'UnicodeScripts' } }),
      'its pre-tokenizer "UnicodeScripts" is none that kn builds',
    ],
    [
      'with a regular expression that kn does not translate',
      withJson({
        pre_tokenizer: { type: 'Split', pattern: { Regex: '\\bx++' }, behavior: 'Isolated', invert: false },
      }),
      'its regular expression "\\\\bx++"',
    ],
    [
      'that splits words at random',
      withJson({
        model: {
          ...{ type: 'BPE', merges: [], dropout: 0.1 },
          vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
        },
      }),
      'which splits a word at random',
    ],
  ])('%s', async (_, files, message) => {
    await expect(load(files)).rejects.toThrow(UserError);
    await expect(load(files)).rejects.toThrow(message);
  });
});

it('reads no file of earlier times where the configuration lists the added tokens itself', async () => {
  const tokenizer = await load({
    ...configured({ added_tokens_decoder: { 4: { content: '[MASK]', special: true } } }),
    'special_tokens_map.json': JSON.stringify({ additional_special_tokens: [{ content: 'weir' }] }),
    'added_tokens.json': '{"weir": 17}',
  });
  expect(tokenizer.ids('the weir [MASK]')).toEqual([2, 5, 1, 4, 3]);
});

it('shows what its special tokens are called', async () => {
  const tokenizer = await load(
    configured({ unk_token: '[UNK]', mask_token: 'loire', pad_token: null, bos_token: 'the' }),
  );
  expect(tokenizer.specials).toEqual({
    bos: { token: 'the', id: 5 },
    unk: { token: '[UNK]', id: 1 },
    sep: { token: '[SEP]', id: 3 },
    cls: { token: '[CLS]', id: 2 },
    mask: { token: 'loire', id: 8 },
  });
});

describe('a token that the model has no row for', () => {
  const files = withJson({
    added_tokens: [{ id: 10, content: '<pad>', special: true }],
  });

  it('refuses the texts that have it, and no others', async () => {
    const tokenizer = await load(files);
    expect(tokenizer.ids('the river')).toEqual([5, 6]);
    expect(() => tokenizer.ids('the <pad> river')).toThrow(
      `tokenizer.json: the token "<pad>" has the id 10, and the model's vocabulary ends at 9`,
    );
  });
});

describe('a causal model with the tokenizer of BERT', () => {
  // Rows up to a power of two.
  const causal = () =>
    loadTokenizer(
      folderWith({
        ...configured({ tokenizer_class: 'BertTokenizer' }),
        'config.json': JSON.stringify({ model_type: 'gpt2' }),
      }),
      { vocabularySize: 16, causal: true },
    );

  it('is asked before what belongs behind a text', async () => {
    const tokenizer = await causal();
    expect(tokenizer.encode('the river is', 16)).toEqual({ tokens: [2, 5, 6, 7], position: 3 });
    expect(tokenizer.ask('the river', [7, 8], 16).map(({ tokens }) => tokens)).toEqual([
      [2, 5, 6],
      [2, 5, 6, 7],
    ]);
  });

  it('takes no answer that its vocabulary lacks', async () => {
    const tokenizer = await causal();
    expect(tokenizer.lookUp('loire')).toEqual({ ids: [8] });
    expect(tokenizer.lookUp('😀')).toEqual({ problem: 'has characters that the vocabulary lacks' });
    expect(tokenizer.unknownId).toBe(1);
  });

  it('shows a row without a token as its number', async () => {
    const tokenizer = await causal();
    expect(tokenizer.token(8)).toBe('loire');
    expect(tokenizer.token(13)).toBe('#13');
  });
});

it('takes no text with half a character', async () => {
  const tokenizer = await load(OF_WORDS);
  expect(() => tokenizer.ids('the \ud83d river')).toThrow('has half a character in it');
});

it('takes vocabularies of half a million tokens', { timeout: 60_000 }, async () => {
  const words = [...WORDS, ...Array.from({ length: 501_153 - WORDS.length }, (_, i) => `w${i}`)];
  const many = {
    'config.json': JSON.stringify({ model_type: 'bert', vocab_size: words.length }),
    'vocab.txt': `${words.join('\n')}\n`,
  };
  expect((await load(many)).ids('the river w500000')).toEqual([2, 5, 6, 500_010, 3]);
});
