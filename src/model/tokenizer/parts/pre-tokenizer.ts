/** How a text is split into words, each of which the model takes by itself: the pre-tokenizers of a tokenizer.json. */
import { z } from 'zod';
import { byteLetters } from './byte-letters.js';
import { characterSet, isWhiteSpace } from './character-set.js';
import { fromOniguruma, type Pattern } from './oniguruma.js';
import type { Part } from './part.js';
import { SPLIT_BEHAVIORS, type SplitBehavior, splitAtCharacters, splitText } from './split.js';
import { UnbuiltPart } from './unbuilt-part.js';

/** A word, or what has not been split into words yet. */
export interface Piece {
  readonly text: string;
  /** Whether the prompt begins with it. */
  readonly isFirst: boolean;
}

export type PreTokenizer = (pieces: readonly Piece[]) => readonly Piece[];

const behavior = z.enum(SPLIT_BEHAVIORS);
const splitSchema = z.object({
  pattern: z.union([z.strictObject({ String: z.string() }), z.strictObject({ Regex: z.string() })]),
  behavior,
  invert: z.boolean(),
});
const byteLevelSchema = z.object({ add_prefix_space: z.boolean(), use_regex: z.boolean().default(true) });
const metaspaceSchema = z.object({
  replacement: z.string().refine(text => [...text].length === 1, 'not one character'),
  add_prefix_space: z.boolean().nullish(),
  prepend_scheme: z.enum(['first', 'never', 'always']).default('always'),
  split: z.boolean().nullish(),
});
const sequenceSchema = z.object({ pretokenizers: z.array(z.looseObject({ type: z.string() })) });

/** @throws UnbuiltPart, and an error of its schema where it is malformed */
export function preTokenizerOf(part: Part | null): PreTokenizer {
  if (part === null) return pieces => pieces;
  switch (part.type) {
    case 'Sequence': {
      const { pretokenizers } = sequenceSchema.parse(part);
      // What a later one prepends depends on where its piece is from in the prompt, which is known of whole ones alone.
      const late = pretokenizers.slice(1).find(inner => inner.type === 'Metaspace');
      if (late?.prepend_scheme === 'first')
        throw new UnbuiltPart('"Metaspace" with "first" after other splitters');
      const steps = pretokenizers.map(preTokenizerOf);
      return pieces => steps.reduce((result, step) => step(result), pieces);
    }
    case 'BertPreTokenizer': {
      const isMark = characterSet('punctuation').has;
      return each(text => spaceless(text).flatMap(word => splitAt(word, isMark, 'Isolated')));
    }
    case 'WhitespaceSplit':
      return each(spaceless);
    case 'Whitespace': {
      const isOfWord = characterSet('word').has;
      const runs = (text: string) => splitAt(text, isOfWord, 'Contiguous');
      return each(text => runs(text).flatMap(spaceless));
    }
    case 'Punctuation': {
      const options = z.object({ behavior: behavior.default('Isolated') }).parse(part);
      return each(text => splitAt(text, characterSet('punctuation').has, options.behavior));
    }
    case 'Digits': {
      const { individual_digits } = z.object({ individual_digits: z.boolean() }).parse(part);
      const how = individual_digits ? 'Isolated' : 'Contiguous';
      return each(text => splitAt(text, characterSet('numeric').has, how));
    }
    case 'Split': {
      const { pattern, ...options } = splitSchema.parse(part);
      const matched = 'String' in pattern ? literally(pattern.String) : fromOniguruma(pattern.Regex);
      return each(text => split(text, matched, options.behavior, options.invert));
    }
    case 'ByteLevel':
      return byteLevel(byteLevelSchema.parse(part));
    case 'Metaspace':
      return metaspace(metaspaceSchema.parse(part));
    default:
      throw new UnbuiltPart(`pre-tokenizer ${JSON.stringify(part.type)}`);
  }
}

/** A text as it stands. */
function literally(text: string): Pattern {
  const pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
  return () => pattern;
}

const spaceless = (text: string) => splitAt(text, isWhiteSpace, 'Removed');

function split(text: string, pattern: Pattern, how: SplitBehavior, isInverted = false): string[] {
  return splitText(text, pattern(text), how, isInverted).map(({ start, end }) => text.slice(start, end));
}

function splitAt(text: string, matches: (codePoint: number) => boolean, how: SplitBehavior): string[] {
  return splitAtCharacters(text, matches, how).map(({ start, end }) => text.slice(start, end));
}

/** For splitters to which it is all the same where a piece is from. */
function each(splitPiece: (text: string) => readonly string[]): PreTokenizer {
  return pieces =>
    pieces.flatMap(({ text }) => splitPiece(text).map(part => ({ text: part, isFirst: false })));
}

const GPT2_WORDS = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

function byteLevel(options: z.infer<typeof byteLevelSchema>): PreTokenizer {
  const words = options.use_regex ? fromOniguruma(GPT2_WORDS) : undefined;
  return each(text => {
    const whole = options.add_prefix_space && !text.startsWith(' ') ? ` ${text}` : text;
    return (words ? split(whole, words, 'Isolated') : [whole]).map(byteLetters);
  });
}

function metaspace({ replacement, ...options }: z.infer<typeof metaspaceSchema>): PreTokenizer {
  if (options.add_prefix_space === false && options.prepend_scheme !== 'never')
    throw new Error('add_prefix_space and prepend_scheme of its Metaspace contradict each other');
  const begins = literally(replacement);
  return pieces =>
    pieces.flatMap(({ text, isFirst }) => {
      const shown = text.replaceAll(' ', () => replacement);
      const prepends = options.prepend_scheme === 'always' || (options.prepend_scheme === 'first' && isFirst);
      const whole = prepends && !shown.startsWith(replacement) ? replacement + shown : shown;
      const words = options.split === false ? [whole] : split(whole, begins, 'MergedWithNext');
      return words.map(word => ({ text: word, isFirst: false }));
    });
}
