/**
 * What transformers' classes make anew, whatever a tokenizer.json says beside its vocabulary: normaliser, splitting into words, model.
 * Source: transformers 5.18, models/<name>/tokenization_<name>.py.
 */
import type { TokenizerParts } from './encoder.js';
import type { Part } from './parts/part.js';
import { precompiledCharsmap } from './precompiled-charsmap.js';
import type { SpecialName, TokenizerConfig } from './special-tokens.js';
import type { TokenizerClass } from './tokenizer-class.js';

/** A vocabulary: ids by token, or for a unigram model its tokens with their log probabilities. */
export interface Vocabulary {
  readonly vocab: unknown;
  readonly merges: readonly unknown[];
}

export type Rebuilt = Omit<TokenizerParts, 'added_tokens' | 'post_processor'>;

type Specials = (name: SpecialName) => string;

/** Special tokens of a class where no file gives them. */
export const DEFAULT_SPECIALS: Readonly<
  Record<TokenizerClass, Readonly<Partial<Record<SpecialName, string>>>>
> = {
  BertTokenizer: { unk: '[UNK]', sep: '[SEP]', pad: '[PAD]', cls: '[CLS]', mask: '[MASK]' },
  GPT2Tokenizer: { unk: '<|endoftext|>', bos: '<|endoftext|>', eos: '<|endoftext|>' },
  GPTNeoXTokenizer: {
    unk: '<|endoftext|>',
    bos: '<|endoftext|>',
    eos: '<|endoftext|>',
    pad: '<|padding|>',
  },
  GemmaTokenizer: { unk: '<unk>', bos: '<bos>', eos: '<eos>', pad: '<pad>', mask: '<mask>' },
  LlamaTokenizer: { unk: '<unk>', bos: '<s>', eos: '</s>' },
  Qwen2Tokenizer: { unk: '<|endoftext|>', eos: '<|endoftext|>', pad: '<|endoftext|>' },
  RobertaTokenizer: {
    ...{ bos: '<s>', eos: '</s>', sep: '</s>', cls: '<s>' },
    ...{ unk: '<unk>', pad: '<pad>', mask: '<mask>' },
  },
  TokenizersBackend: {},
  XLMRobertaTokenizer: {
    ...{ bos: '<s>', eos: '</s>', sep: '</s>', cls: '<s>' },
    ...{ unk: '<unk>', pad: '<pad>', mask: '<mask>' },
  },
};

/**
 * @param made of the class that has it
 * @param specials the text of a special token
 * @param normalizer of the tokenizer.json, where there is one
 */
export function rebuiltTokenizer(
  made: Exclude<TokenizerClass, 'TokenizersBackend'>,
  { vocab, merges }: Vocabulary,
  config: TokenizerConfig,
  specials: Specials,
  normalizer: Part | null,
): Rebuilt {
  const bytePairs = (options: object): Part => ({ type: 'BPE', vocab, merges, ...options });
  switch (made) {
    case 'BertTokenizer':
      return {
        normalizer: {
          type: 'BertNormalizer',
          clean_text: true,
          handle_chinese_chars: said(config, 'tokenize_chinese_chars', true),
          strip_accents: config.strip_accents ?? null,
          lowercase: said(config, 'do_lower_case', true),
        },
        pre_tokenizer: { type: 'BertPreTokenizer' },
        decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
        model: { type: 'WordPiece', vocab, unk_token: specials('unk'), ...WORD_PIECE },
      };
    case 'GPT2Tokenizer':
    case 'RobertaTokenizer':
      return {
        normalizer: null,
        pre_tokenizer: { ...BYTE_LEVEL, add_prefix_space: said(config, 'add_prefix_space', false) },
        decoder: BYTE_LEVEL,
        model: bytePairs({}),
      };
    case 'GPTNeoXTokenizer':
      return {
        normalizer: { type: 'NFC' },
        pre_tokenizer: { ...BYTE_LEVEL, add_prefix_space: said(config, 'add_prefix_space', false) },
        decoder: BYTE_LEVEL,
        model: bytePairs({}),
      };
    case 'Qwen2Tokenizer':
      return {
        normalizer: { type: 'NFC' },
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [
            { type: 'Split', pattern: { Regex: QWEN2_WORDS }, behavior: 'Isolated', invert: false },
            { ...BYTE_LEVEL, add_prefix_space: config.add_prefix_space ?? false, use_regex: false },
          ],
        },
        decoder: BYTE_LEVEL,
        model: bytePairs({}),
      };
    case 'LlamaTokenizer': {
      const prefix = config.add_prefix_space ?? true;
      const steps = [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, ...BYTES_AND_FUSE];
      return {
        normalizer: null,
        pre_tokenizer: {
          type: 'Metaspace',
          replacement: '▁',
          prepend_scheme: prefix ? (config.legacy ? 'always' : 'first') : 'never',
          split: false,
        },
        decoder: {
          type: 'Sequence',
          decoders: prefix ? [...steps, { type: 'Strip', content: ' ', start: 1, stop: 0 }] : steps,
        },
        model: bytePairs({ fuse_unk: true, byte_fallback: true }),
      };
    }
    case 'GemmaTokenizer':
      return {
        normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
        pre_tokenizer: {
          type: 'Split',
          pattern: { String: ' ' },
          behavior: 'MergedWithPrevious',
          invert: false,
        },
        decoder: {
          type: 'Sequence',
          decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, ...BYTES_AND_FUSE],
        },
        model: bytePairs({ unk_token: specials('unk'), fuse_unk: true, byte_fallback: true }),
      };
    case 'XLMRobertaTokenizer': {
      const charsmap = precompiledCharsmap(normalizer);
      const scheme = (config.add_prefix_space ?? true) ? 'always' : 'never';
      const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: scheme, split: true };
      return {
        normalizer: charsmap === undefined ? null : { type: 'Precompiled', precompiled_charsmap: charsmap },
        pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
        decoder: metaspace,
        model: { type: 'Unigram', vocab, unk_id: 3, byte_fallback: false },
      };
    }
  }
}

/** @throws Error where it is null, of which Python makes nothing */
function said(
  config: TokenizerConfig,
  key: 'do_lower_case' | 'tokenize_chinese_chars' | 'add_prefix_space',
  otherwise: boolean,
): boolean {
  const value = config[key];
  if (value === null) throw new Error(`${key} of its configuration is null`);
  return value ?? otherwise;
}

const WORD_PIECE = { continuing_subword_prefix: '##', max_input_chars_per_word: 100 };
const BYTE_LEVEL: Part = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true };
const BYTES_AND_FUSE = [{ type: 'ByteFallback' }, { type: 'Fuse' }];
const QWEN2_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
