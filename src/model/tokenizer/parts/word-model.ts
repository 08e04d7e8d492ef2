/** What makes tokens of a word: the models of a tokenizer.json. WordPiece is the library's, one word at a time. */
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { byteName } from './byte-letters.js';
import { bytePairs } from './byte-pairs.js';
import type { Part } from './part.js';
import { UnbuiltPart } from './unbuilt-part.js';
import { unigramModel } from './unigram.js';

export interface WordModel {
  /** @throws Error where the vocabulary has neither tokens for a word nor one for what it lacks */
  ids(word: string): readonly number[];
  /** Of the vocabulary, without added tokens. */
  idOf(token: string): number | undefined;
  token(id: number): string | undefined;
  /** How many tokens. */
  readonly size: number;
  /** What stands for what it lacks; none where it lacks nothing. */
  readonly unknownId: number | undefined;
}

/** Not a record of zod's, which leaves out a token "__proto__" without a word. */
const vocabulary = z.custom<Readonly<Record<string, number>>>(
  value =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(id => Number.isInteger(id) && id >= 0),
  'gives each token its id',
);
const wordPieceSchema = z.object({
  vocab: vocabulary,
  unk_token: z.string(),
  continuing_subword_prefix: z.string().default('##'),
  max_input_chars_per_word: z.number().int().nonnegative().default(100),
});
const wordLevelSchema = z.object({ vocab: vocabulary, unk_token: z.string() });
const bytePairSchema = z.object({
  vocab: vocabulary,
  merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  unk_token: z.string().nullish(),
  dropout: z.number().nullish(),
  continuing_subword_prefix: z.string().nullish(),
  end_of_word_suffix: z.string().nullish(),
  fuse_unk: z.boolean().nullish(),
  byte_fallback: z.boolean().nullish(),
  ignore_merges: z.boolean().nullish(),
});
const unigramSchema = z.object({
  vocab: z.array(z.tuple([z.string(), z.number()])),
  unk_id: z.number().int().nonnegative().nullish(),
  byte_fallback: z.boolean().optional(),
});

/** @throws UnbuiltPart, and an error of its schema where it is malformed */
export function wordModelOf(part: Part): WordModel {
  switch (part.type) {
    case 'WordPiece': {
      const { vocab, ...options } = wordPieceSchema.parse(part);
      const model = libraryModel({ ...options, type: 'WordPiece', vocab });
      const idOf = mapOf(vocab);
      return {
        ids: remembering(word => idsOf(model.encode([word]), idOf, word)),
        ...known(idOf),
        unknownId: idOf.get(options.unk_token),
      };
    }
    case 'WordLevel': {
      const { vocab, unk_token } = wordLevelSchema.parse(part);
      const idOf = mapOf(vocab);
      return {
        ids: word => idsOf([idOf.has(word) ? word : unk_token], idOf, word),
        ...known(idOf),
        unknownId: idOf.get(unk_token),
      };
    }
    case 'BPE':
      return bytePairModel(bytePairSchema.parse(part));
    case 'Unigram': {
      const options = unigramSchema.parse(part);
      const idOf = new Map(options.vocab.map(([token], id) => [token, id]));
      if (options.unk_id != null && options.unk_id >= options.vocab.length)
        throw new Error(`its unk_id is ${options.unk_id}, and its vocabulary ends before`);
      return {
        ids: remembering(unigramModel(options)),
        ...known(idOf),
        unknownId: options.unk_id ?? undefined,
      };
    }
    default:
      throw new UnbuiltPart(`model ${JSON.stringify(part.type)}`);
  }
}

function bytePairModel({ vocab, merges, ...options }: z.infer<typeof bytePairSchema>): WordModel {
  if (options.dropout) throw new UnbuiltPart('model with dropout, which splits a word at random,');
  if (options.continuing_subword_prefix) throw new UnbuiltPart('"BPE" with a continuing_subword_prefix');
  const idOf = mapOf(vocab);
  const unknown = options.unk_token ?? undefined;
  const ids = bytePairs({
    vocab: idOf,
    merges: merges.map((merge): [string, string] => {
      const [left, right] = typeof merge === 'string' ? merge.split(' ') : merge;
      return [left, right];
    }),
    unknown,
    wordEnd: options.end_of_word_suffix ?? '',
    fusesUnknown: options.fuse_unk ?? false,
    hasBytes: options.byte_fallback ?? false,
    prefersWords: options.ignore_merges ?? false,
  });
  return {
    ids: remembering(ids),
    ...known(idOf),
    unknownId: unknown === undefined || lacksNothing(options, idOf) ? undefined : idOf.get(unknown),
  };
}

/** Whether all that has no token has those of its bytes. */
function lacksNothing(
  { byte_fallback }: { readonly byte_fallback?: boolean | null | undefined },
  idOf: ReadonlyMap<string, number>,
): boolean {
  const names = Array.from({ length: 256 }, (_, byte) => byteName(byte));
  return byte_fallback === true && names.every(name => idOf.has(name));
}

/** Words come again. */
const MOST_REMEMBERED = 10_000;

function remembering(ids: (word: string) => readonly number[]): (word: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return word => {
    const before = known.get(word);
    if (before) return before;
    const found = ids(word);
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(word, found);
    return found;
  };
}

/** The library's own, by itself: what stands around it there has other rules than Python's. */
function libraryModel(model: Part): { encode(words: readonly string[]): readonly string[] } {
  const nothing = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  return new HubTokenizer({ ...nothing, model, added_tokens: [] }, {}).model;
}

const mapOf = (vocab: Readonly<Record<string, number>>) => new Map(Object.entries(vocab));

function known(idOf: ReadonlyMap<string, number>) {
  const tokens = new Map([...idOf].map(([token, id]) => [id, token]));
  return {
    idOf: (token: string) => idOf.get(token),
    token: (id: number) => tokens.get(id),
    size: idOf.size,
  };
}

function idsOf(tokens: readonly string[], idOf: ReadonlyMap<string, number>, word: string): number[] {
  return tokens.map(token => {
    const id = idOf.get(token);
    if (id === undefined)
      throw new Error(`it has no token for ${JSON.stringify(word)}, and none for what it lacks`);
    return id;
  });
}
