/** What a text becomes before it is split: the normalisers of a tokenizer.json, as the Rust tokenizers apply them. */
import { z } from 'zod';
import { characterSet, isAscii, WHITE_SPACE } from './character-set.js';
import { normalForm, smallLetters } from './normal-forms.js';
import { fromOniguruma } from './oniguruma.js';
import type { Part } from './part.js';
import { precompiledMap } from './precompiled.js';
import { UnbuiltPart } from './unbuilt-part.js';

export type Normalizer = (text: string) => string;

const bertSchema = z.object({
  clean_text: z.boolean(),
  handle_chinese_chars: z.boolean(),
  strip_accents: z.boolean().nullish(),
  lowercase: z.boolean(),
});
const stripSchema = z.object({ strip_left: z.boolean(), strip_right: z.boolean() });
const replaceSchema = z.object({
  pattern: z.union([z.strictObject({ String: z.string() }), z.strictObject({ Regex: z.string() })]),
  content: z.string(),
});
const sequenceSchema = z.object({ normalizers: z.array(z.looseObject({ type: z.string() })) });

/**
 * @param part none where the tokenizer.json has null there
 * @throws UnbuiltPart, and an error of its schema where it is malformed
 */
export function normalizerOf(part: Part | null): Normalizer {
  if (part === null) return text => text;
  switch (part.type) {
    case 'Sequence': {
      const steps = sequenceSchema.parse(part).normalizers.map(normalizerOf);
      return text => steps.reduce((result, step) => step(result), text);
    }
    case 'BertNormalizer':
      return bertNormalizer(bertSchema.parse(part));
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = part.type;
      return text => normalForm(text, form);
    }
    case 'Lowercase':
      return smallLetters;
    case 'StripAccents':
      return text => without('combining', text);
    case 'Strip': {
      const { strip_left, strip_right } = stripSchema.parse(part);
      return text => {
        const rest = strip_left ? text.replace(SPACES_AT_START, '') : text;
        return strip_right ? rest.replace(SPACES_AT_END, '') : rest;
      };
    }
    case 'Replace': {
      const { pattern, content } = replaceSchema.parse(part);
      if ('String' in pattern)
        return text => (pattern.String === '' ? text : text.split(pattern.String).join(content));
      const matched = fromOniguruma(pattern.Regex);
      return text => text.replace(matched(text), () => content);
    }
    case 'Prepend': {
      const { prepend } = z.object({ prepend: z.string() }).parse(part);
      return text => (text === '' ? '' : prepend + text);
    }
    case 'Precompiled':
      return precompiledMap(z.object({ precompiled_charsmap: z.string() }).parse(part).precompiled_charsmap);
    default:
      throw new UnbuiltPart(`normalizer ${JSON.stringify(part.type)}`);
  }
}

const SPACES_AT_START = new RegExp(`^[${WHITE_SPACE}]+`, 'u');
const SPACES_AT_END = new RegExp(`[${WHITE_SPACE}]+$`, 'u');
const EACH_SPACE = new RegExp(`[${WHITE_SPACE}]`, 'gu');

function bertNormalizer(options: z.infer<typeof bertSchema>): Normalizer {
  const stripsAccents = options.strip_accents ?? options.lowercase;
  return text => {
    let result = text;
    if (options.clean_text) result = without('control', result).replace(EACH_SPACE, ' ');
    if (options.handle_chinese_chars) result = result.replace(IDEOGRAPH, ' $& ');
    if (stripsAccents) result = without('accent', normalForm(result, 'NFD'));
    return options.lowercase ? smallLetters(result) : result;
  };
}

/** BERT's list, with the gap that the Rust one has from U+2B820 to U+2B91F. */
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

function without(name: 'control' | 'accent' | 'combining', text: string): string {
  if (name !== 'control' && isAscii(text)) return text;
  const set = characterSet(name);
  let rest = '';
  for (const character of text) if (!set.has(character.codePointAt(0) ?? 0)) rest += character;
  return rest;
}
