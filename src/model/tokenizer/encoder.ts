/** A tokenizer.json's way from a text to ids, as the Rust tokenizers go it. */
import { ZodError } from 'zod';
import { type AddedToken, TokenFinder } from './added-tokens.js';
import { whatIsWrong } from './file-fault.js';
import { normalizerOf } from './parts/normalizer.js';
import type { Part } from './parts/part.js';
import { type Around, aroundOf } from './parts/post-processor.js';
import { preTokenizerOf } from './parts/pre-tokenizer.js';
import { UnbuiltPart } from './parts/unbuilt-part.js';
import { wordModelOf } from './parts/word-model.js';

export interface TokenizerParts {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: Part | null;
  readonly pre_tokenizer: Part | null;
  readonly post_processor: Part | null;
  readonly decoder: Part | null;
  readonly model: Part;
}

export interface Encoder {
  /** Without what belongs around a text. */
  ids(text: string): number[];
  readonly around: Around;
  idOf(token: string): number | undefined;
  /** As the vocabulary writes it. */
  token(id: number): string | undefined;
  /** Whether a token was added to the vocabulary, and is its own text. */
  isAdded(id: number): boolean;
  /** What the model gives for what the vocabulary lacks. */
  readonly unknownId: number | undefined;
}

/** Normalisers that leave the beginning of a text where it is. */
const KEEPS_BEGINNING: readonly string[] = ['Prepend', 'NFC', 'Lowercase'];

/** @throws UnbuiltPart; other errors where a part is malformed */
export function encoderOf(parts: TokenizerParts): Encoder {
  const model = inPart('model', () => wordModelOf(parts.model));
  const normalize = inPart('normalizer', () => normalizerOf(parts.normalizer));
  const splitIntoWords = inPart('pre_tokenizer', () => preTokenizerOf(parts.pre_tokenizer));
  if (prependsAtBeginning(parts.pre_tokenizer) && !keepsBeginning(parts.normalizer))
    throw new UnbuiltPart('"Metaspace" with "first" after such a normalizer');
  const added = new Map(parts.added_tokens.map(token => [token.id, token]));
  const addedIds = new Map(parts.added_tokens.map(({ content, id }) => [content, id]));
  const asTheyStand = parts.added_tokens.filter(({ normalized }) => !normalized);
  const inNormalised = parts.added_tokens.filter(({ normalized }) => normalized);
  const finder = new TokenFinder(asTheyStand.map(token => [token.content, token]));
  const laterFinder = new TokenFinder(inNormalised.map(token => [normalize(token.content), token]));
  const idOf = (token: string) => addedIds.get(token) ?? model.idOf(token);

  const wordsOf = (text: string, isFirst: boolean) =>
    splitIntoWords([{ text, isFirst }])
      .filter(word => word.text !== '')
      .flatMap(word => model.ids(word.text));

  return {
    ids: text =>
      finder.split(text).flatMap(section => {
        if ('id' in section) return [section.id];
        const isFirst = section.start === 0;
        return laterFinder
          .split(normalize(section.text))
          .flatMap(part => ('id' in part ? [part.id] : wordsOf(part.text, isFirst && part.start === 0)));
      }),
    around: inPart('post_processor', () => aroundOf(parts.post_processor, idOf)),
    idOf,
    token: id => added.get(id)?.content ?? model.token(id),
    isAdded: id => added.has(id),
    unknownId: model.unknownId,
  };
}

/** Says which part is malformed. */
function inPart<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ZodError) throw new Error(`its ${name}: ${whatIsWrong(error)}`);
    throw error;
  }
}

/** What of a tokenizer.json has to be right, though a class may make another of it. */
type WrittenParts = Omit<TokenizerParts, 'added_tokens'> & {
  readonly added_tokens: readonly { readonly content: string; readonly id: number }[];
};

/**
 * Parts that some classes do not read have to be right too: a damaged file is damaged elsewhere.
 * @throws Error where one is malformed; not where kn does not build it
 */
export function checkParts(parts: WrittenParts): void {
  const { vocab } = parts.model;
  const added = new Map(parts.added_tokens.map(({ content, id }) => [content, id]));
  const own = Array.isArray(vocab)
    ? vocab.map((entry, id) => [Array.isArray(entry) ? String(entry[0]) : '', id] as const)
    : Object.entries(Object(vocab)).map(([token, id]) => [token, Number(id)] as const);
  const ids = new Map([...own, ...added]);
  const checks = [
    () => inPart('normalizer', () => normalizerOf(parts.normalizer)),
    () => inPart('pre_tokenizer', () => preTokenizerOf(parts.pre_tokenizer)),
    () => inPart('post_processor', () => aroundOf(parts.post_processor, token => ids.get(token))),
  ];
  for (const check of checks)
    try {
      check();
    } catch (error) {
      if (!(error instanceof UnbuiltPart)) throw error;
    }
}

function prependsAtBeginning(part: Part | null): boolean {
  if (part === null) return false;
  const inner = Array.isArray(part.pretokenizers) ? part.pretokenizers : [];
  return (part.type === 'Metaspace' && part.prepend_scheme === 'first') || inner.some(prependsAtBeginning);
}

function keepsBeginning(part: Part | null): boolean {
  if (part === null) return true;
  if (part.type === 'Sequence' && Array.isArray(part.normalizers))
    return part.normalizers.every(keepsBeginning);
  if (part.type === 'Replace') return part.content !== '';
  return KEEPS_BEGINNING.includes(part.type);
}
