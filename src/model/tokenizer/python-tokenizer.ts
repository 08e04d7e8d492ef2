/** The tokenizer that transformers makes of a folder's files. Source: transformers 5.18, TokenizersBackend.__init__. */
import { UserError } from '../../errors.js';
import { type AddedToken, addTokens, type Base, type GivenToken, isSameToken } from './added-tokens.js';
import type { TokenizerParts } from './encoder.js';
import { blamingFile } from './file-fault.js';
import type { Part } from './parts/part.js';
import { postProcessorOf } from './post-processor-of-class.js';
import { DEFAULT_SPECIALS, type Rebuilt, rebuiltTokenizer, type Vocabulary } from './rebuilt-tokenizer.js';
import { rustNumber } from './rust-numbers.js';
import {
  SPECIAL_NAMES,
  type SpecialName,
  type SpecialToken,
  type TokenFiles,
  textToken,
  tokensOfFiles,
} from './special-tokens.js';
import type { TokenizerClass } from './tokenizer-class.js';

/** A tokenizer.json as it stands. */
export type TokenizerJson = Rebuilt & {
  readonly post_processor: Part | null;
  readonly added_tokens: readonly (GivenToken & { readonly id: number })[];
};

/** What special tokens are called, and their ids. */
export type Specials = Readonly<
  Partial<Record<SpecialName, { readonly token: string; readonly id: number }>>
>;

export interface PythonTokenizer {
  readonly parts: TokenizerParts;
  readonly specials: Specials;
}

/**
 * @param path of the file with the vocabulary, for errors
 * @param source a tokenizer.json, or a vocabulary that stands by itself
 * @throws UserError where files give a token another id than Python does, or a special token that the class needs is none
 */
export function pythonTokenizer(
  path: string,
  made: TokenizerClass,
  source: TokenizerJson | Vocabulary,
  files: TokenFiles,
): PythonTokenizer {
  const json = 'model' in source ? source : undefined;
  const { named: given, ofModel, others, withIds } = tokensOfFiles({ ...files, json: json?.added_tokens });
  const named = new Map<SpecialName, SpecialToken>();
  for (const name of SPECIAL_NAMES) {
    const text = DEFAULT_SPECIALS[made][name];
    const token = given.has(name) ? given.get(name) : text === undefined ? undefined : textToken(text);
    if (token) named.set(name, token);
  }
  const textOf = (name: SpecialName) => {
    const token = named.get(name);
    if (token) return token.content;
    throw new UserError(`${path}: its ${name}_token is null, and a ${made} needs one`, REMEDY);
  };

  const built = builtParts(path, made, source, files.config, textOf);
  const base = baseOf(built.model);
  const own = made === 'TokenizersBackend' ? addTokens([], json?.added_tokens ?? [], base) : [];
  let added = addTokens(own, tokensToAdd(own, [...named.values(), ...ofModel], others, withIds), base);
  if (made === 'Qwen2Tokenizer')
    added = addTokens(
      added,
      [...named.values(), ...ofModel, ...others].map(({ content }) => ({ content, special: true })),
      base,
    );
  checkIds(path, withIds, added);

  const idOf = new Map(added.map(({ content, id }) => [content, id]));
  const special = (name: SpecialName): [string, number] => [textOf(name), idOf.get(textOf(name)) ?? -1];
  return {
    parts: {
      normalizer: built.normalizer,
      pre_tokenizer: built.pre_tokenizer,
      decoder: built.decoder,
      model: built.model,
      added_tokens: added,
      post_processor: postProcessorOf(made, json, files.config, special, name => named.has(name)),
    },
    specials: Object.fromEntries(
      [...named].map(([name, { content }]) => [name, { token: content, id: idOf.get(content) ?? -1 }]),
    ),
  };
}

const REMEDY = 'Fetch the files of the tokenizer again, or choose another model.';

function builtParts(
  path: string,
  made: TokenizerClass,
  source: TokenizerJson | Vocabulary,
  config: TokenFiles['config'],
  textOf: (name: SpecialName) => string,
): Rebuilt {
  const isJson = 'model' in source;
  if (made === 'TokenizersBackend') {
    if (isJson) return { ...source, model: withRustNumbers(source.model) };
    throw new UserError(`${path}: its class takes a tokenizer.json alone, and there is none`, REMEDY);
  }
  const rebuilt = (vocabulary: Vocabulary, normalizer: Part | null) =>
    blamingFile(path, () => rebuiltTokenizer(made, vocabulary, config, textOf, normalizer));
  if (!isJson) return rebuilt(source, null);
  const { model, normalizer } = source;
  // Published byte-level tokenizers are called so too: what the class would make of them is nobody's tokenizer.
  if (made === 'LlamaTokenizer' && model.byte_fallback !== true)
    throw new UserError(`${path}: a LlamaTokenizer whose model is without byte_fallback`, REMEDY);
  const merges = Array.isArray(model.merges) ? model.merges : [];
  return rebuilt({ vocab: model.vocab, merges }, normalizer);
}

/** The probabilities of a unigram model; the classes that make theirs anew have Python's own numbers. */
function withRustNumbers(model: Part): Part {
  const { type, vocab } = model;
  if (type !== 'Unigram' || !Array.isArray(vocab)) return model;
  return {
    ...model,
    vocab: vocab.map((entry: unknown) =>
      Array.isArray(entry) ? entry.map(part => (typeof part === 'number' ? rustNumber(part) : part)) : entry,
    ),
  };
}

/** Those of files, then special ones that no file gives an id. */
function tokensToAdd(
  own: readonly AddedToken[],
  named: readonly SpecialToken[],
  others: readonly SpecialToken[],
  withIds: ReadonlyMap<number, GivenToken>,
): GivenToken[] {
  const tokens: (GivenToken | SpecialToken)[] = [...withIds]
    .sort(([a], [b]) => a - b)
    .map(([, token]) => token);
  const known = new Set([...own, ...tokens].map(({ content }) => content));
  for (const token of [...named, ...others]) {
    if (known.has(token.content)) continue;
    const isThere = tokens.some(
      there => 'isText' in there && there.isText === token.isText && isSameToken(there, token),
    );
    if (!isThere) tokens.push(token);
  }
  const names = new Set(named.map(({ content }) => content));
  return tokens.map(token => (names.has(token.content) ? { ...token, special: true } : token));
}

/** @throws UserError: Python takes the next free id, whatever a file says */
function checkIds(
  path: string,
  withIds: ReadonlyMap<number, GivenToken>,
  added: readonly AddedToken[],
): void {
  const idOf = new Map(added.map(({ content, id }) => [content, id]));
  for (const [id, { content }] of withIds) {
    const python = idOf.get(content);
    if (python === undefined || python === id) continue;
    throw new UserError(
      `${path}: the files beside it give the token ${JSON.stringify(content)} the id ${id}, and by Python's rules it has ${python}`,
      REMEDY,
    );
  }
}

function baseOf({ vocab }: Part): Base {
  const ids = new Map<string, number>();
  if (Array.isArray(vocab)) {
    for (const [id, entry] of vocab.entries()) ids.set(String(Array.isArray(entry) ? entry[0] : entry), id);
    return { idOf: token => ids.get(token), size: vocab.length };
  }
  if (typeof vocab === 'object' && vocab !== null)
    for (const [token, id] of Object.entries(vocab)) ids.set(token, Number(id));
  return { idOf: token => ids.get(token), size: ids.size };
}
