/** Small tokenizers whose files say something that is easily overlooked, and the ids that transformers 5.18 gives with them. */

import { BYTE_LETTERS } from './byte-letters.js';
import { bytePairTokenizer } from './byte-pair-tokenizer.js';

export interface TokenizerKind {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly text: string;
  /** What AutoTokenizer.from_pretrained(folder)(text).input_ids is. */
  readonly ids: readonly number[];
}

const WORDS = [
  ...['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'river', 'of', 'norway', 'is', 'glomma', '.', '?'],
  ...[
    'N',
    '##orway',
    'ο',
    '##δ',
    '##ο',
    '##ς',
    '##σ',
    'ü',
    'g',
    '##lomma',
    'r',
    '##ü',
    '##m',
    'rüm',
    '長',
    '𠮷',
    '江',
  ],
  ...['fjord', '##ium', '[', 'rel', ']', '<', 'mask', '>', 'glom', '##ma', 'Ê', 'ê', 'e'],
];
const idOf = (word: string) => WORDS.indexOf(word);
const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

const token = (content: string, id: number, options: object = {}) => ({
  ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: false },
  ...options,
});

/** A tokenizer.json of these words. */
function wordPieces(parts: object, added: readonly object[] = []): string {
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...SPECIAL.map(word => token(word, idOf(word), { special: true })), ...added],
    normalizer: {
      ...{
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      ...{
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
      },
      vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
    },
    ...parts,
  });
}

const MERGES = ['Ġ t', 'h e', 'Ġt he', 'Ġ i', 'Ġi s'];
const PIECES = [...BYTE_LETTERS, ...MERGES.map(pair => pair.replace(' ', '')), '<|endoftext|>'];
const PIECE_IDS = Object.fromEntries(PIECES.map((piece, id) => [piece, id]));

const config = (model_type: string, rows = WORDS.length) => JSON.stringify({ model_type, vocab_size: rows });
const bert = { 'config.json': config('bert') };
const gpt2 = {
  'config.json': config('gpt2', PIECES.length),
  'vocab.json': JSON.stringify(PIECE_IDS),
  'merges.txt': `#version: 0.2\n${MERGES.join('\n')}\n`,
};
const gpt2Json = (more: object[] = []) => {
  const json = bytePairTokenizer(PIECE_IDS, MERGES);
  return JSON.stringify({ ...json, added_tokens: [...json.added_tokens, ...more] });
};
const text = { 'vocab.txt': `${WORDS.join('\n')}\n` };
const asItIs = JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast' });

export const TOKENIZER_KINDS: readonly TokenizerKind[] = [
  {
    what: 'words of added_tokens.json',
    files: {
      ...text,
      'config.json': config('bert', WORDS.length + 2),
      'added_tokens.json': JSON.stringify({ fjordium: WORDS.length, '[rel]': WORDS.length + 1 }),
    },
    text: 'the fjordium [rel] [REL] fjord .',
    ids: [2, 5, 43, 44, 44, 30, 11, 3],
  },
  {
    what: 'a token of added_tokens_decoder, which counts before all other files',
    files: {
      ...text,
      'config.json': config('bert', WORDS.length + 1),
      'tokenizer_config.json': JSON.stringify({
        added_tokens_decoder: { [WORDS.length]: { content: 'glo', lstrip: true, normalized: true } },
      }),
      'added_tokens.json': JSON.stringify({ fjordium: WORDS.length }),
    },
    text: 'the glomma fjordium',
    ids: [2, 5, 43, 1, 30, 31, 3],
  },
  {
    what: 'additional special tokens, which are never split',
    files: {
      ...text,
      'config.json': config('bert', WORDS.length + 2),
      'tokenizer_config.json': JSON.stringify({ additional_special_tokens: ['[rel]', 'Norway'] }),
    },
    text: 'the [rel] of Norway norway',
    ids: [2, 5, 43, 7, 44, 8, 3],
  },
  {
    what: 'a mask of another name',
    files: {
      ...text,
      'config.json': config('bert', WORDS.length + 1),
      'special_tokens_map.json': JSON.stringify({ mask_token: { content: '<mask>', lstrip: true } }),
    },
    text: 'the river is   <mask> [MASK] .',
    ids: [2, 5, 6, 9, 43, 32, 36, 34, 11, 3],
  },
  {
    what: 'do_lower_case of the configuration against the tokenizer.json, of a BertTokenizer',
    files: {
      ...bert,
      'tokenizer.json': wordPieces({}),
      'tokenizer_config.json': JSON.stringify({ do_lower_case: false, tokenizer_class: 'BertTokenizer' }),
    },
    text: 'Norway is the river',
    ids: [2, 13, 14, 9, 5, 6, 3],
  },
  {
    what: 'the same, of a class that takes the tokenizer.json as it is',
    files: {
      ...bert,
      'tokenizer.json': wordPieces({}),
      'tokenizer_config.json': JSON.stringify({
        do_lower_case: false,
        tokenizer_class: 'PreTrainedTokenizerFast',
      }),
    },
    text: 'Norway is the river',
    ids: [2, 8, 9, 5, 6, 3],
  },
  {
    what: 'a tokenizer.json with a splitter of its own, without a class: a BERT makes its own',
    files: { ...bert, 'tokenizer.json': wordPieces({ pre_tokenizer: { type: 'WhitespaceSplit' } }) },
    text: 'the river.',
    ids: [2, 5, 6, 11, 3],
  },
  {
    what: 'a capital sigma at the end of a word',
    files: { ...text, ...bert, 'tokenizer_config.json': JSON.stringify({ strip_accents: false }) },
    text: 'ΟΔΟΣ is Êê',
    ids: [2, 15, 16, 17, 19, 9, 1, 3],
  },
  {
    what: 'ideographs of two planes',
    files: { ...text, ...bert },
    text: 'the長江𠮷 \u{2b820}',
    ids: [2, 5, 27, 29, 28, 1, 3],
  },
  {
    what: 'an added token that is a word by itself alone',
    files: {
      'config.json': config('bert', WORDS.length + 1),
      'tokenizer.json': wordPieces({}, [token('fjor', WORDS.length, { single_word: true })]),
      'tokenizer_config.json': asItIs,
    },
    text: 'fjord fjor fjor. üfjor',
    ids: [2, 30, 43, 43, 11, 1, 3],
  },
  {
    what: 'the splitter Whitespace, to which all letters are letters',
    files: {
      ...bert,
      'tokenizer.json': wordPieces({ pre_tokenizer: { type: 'Whitespace' }, normalizer: null }),
      'tokenizer_config.json': asItIs,
    },
    text: 'rüm ü. ?',
    ids: [2, 26, 20, 11, 12, 3],
  },
  {
    what: 'a splitter that leaves marks out',
    files: {
      ...bert,
      'tokenizer.json': wordPieces({
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Punctuation', behavior: 'Removed' }],
        },
      }),
      'tokenizer_config.json': asItIs,
    },
    text: 'the.river??is',
    ids: [2, 5, 6, 9, 3],
  },
  {
    what: "GPT-2's add_bos_token",
    files: { ...gpt2, 'tokenizer_config.json': JSON.stringify({ add_bos_token: true }) },
    text: 'the is',
    ids: [261, 116, 257, 260],
  },
  {
    what: "GPT-2's add_prefix_space",
    files: { ...gpt2, 'tokenizer_config.json': JSON.stringify({ add_prefix_space: true }) },
    text: 'the is',
    ids: [258, 260],
  },
  {
    what: 'both beside a tokenizer.json, where one counts and the other does not',
    files: {
      'config.json': gpt2['config.json'],
      'tokenizer.json': gpt2Json(),
      'tokenizer_config.json': JSON.stringify({ add_prefix_space: true, add_bos_token: true }),
    },
    text: 'the is',
    ids: [258, 260],
  },
  {
    what: 'a token of padding that the model has no row for, in a text without it',
    files: {
      'config.json': gpt2['config.json'],
      'tokenizer.json': gpt2Json([token('[PAD]', PIECES.length, { special: true })]),
      'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'GPT2Tokenizer', pad_token: '[PAD]' }),
    },
    text: 'the is [PA]',
    ids: [116, 257, 260, 32, 91, 80, 65, 93],
  },
  {
    what: "a GPT-2 with BERT's tokenizer",
    files: {
      ...text,
      'config.json': config('gpt2'),
      'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer' }),
    },
    text: 'the river of norway',
    ids: [2, 5, 6, 7, 8, 3],
  },
];
