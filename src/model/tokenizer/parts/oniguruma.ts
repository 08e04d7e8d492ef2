/**
 * Regular expressions of a tokenizer.json are Oniguruma's (the library that the Rust tokenizers use), with its Unicode. Those that
 * published tokenizers have are written anew for JavaScript; what they do not have is refused, since some of it means another thing there.
 */
import {
  type CharacterSetName,
  characterSet,
  isAscii,
  NO_WHITE_SPACE,
  WHITE_SPACE,
} from './character-set.js';
import { UnbuiltPart } from './unbuilt-part.js';

const CATEGORIES: Readonly<Record<string, CharacterSetName>> = {
  ...{ L: 'L', Lu: 'Lu', Ll: 'Ll', Lt: 'Lt', Lm: 'Lm', Lo: 'Lo', M: 'M', N: 'N', Nd: 'Nd', P: 'P', S: 'S' },
  Han: 'Han',
};

/** Letters that one small letter stands for where case does not count, besides its capital. */
const OTHER_CASES: Readonly<Record<string, string>> = { s: '\u017f', k: '\u212a' };

/** Pairs that a ligature or a sharp s is the same as where case does not count. */
const LIGATURES = /ss|ff|fi|fl|st|[hijtwy][\u0300-\u036f]|a\u02be/i;

/** An escape, a group's begin with its kind, a quantifier, or any character. */
const PARTS = /\\[pP]\{\^?\w+\}|\\[\s\S]|\(\?(?:[:=!]|i:|<[=!])?|\{\d+(?:,\d*)?\}|[\s\S]/gu;

/** A regular expression, which is simpler for texts in ASCII. */
export type Pattern = (text: string) => RegExp;

/**
 * @returns with the flags g and u
 * @throws UnbuiltPart where it has something that is not translated
 */
export function fromOniguruma(source: string): Pattern {
  const [whole, ascii] = [false, true].map(isForAscii => translated(source, isForAscii));
  return text => (isAscii(text) ? ascii : whole);
}

function translated(source: string, isForAscii: boolean): RegExp {
  const refused = (what: string) => new UnbuiltPart(`regular expression ${JSON.stringify(source)} (${what})`);
  const parts = source.match(PARTS) ?? [];
  const groups: boolean[] = [];
  let written = '';
  let foldsCase = false;
  let isQuantified = false;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part === '[') {
      const end = endOfClass(parts, i);
      const inside = classOf(parts.slice(i + 1, end), foldsCase, isForAscii);
      if (end === -1 || inside === undefined) throw refused('its class');
      written += inside;
      i = end;
      isQuantified = false;
      continue;
    }
    if (/^(?:[*+?]|\{\d)/.test(part)) {
      // One that follows another makes it lazy, possessive, or multiplies it.
      if (isQuantified) throw refused(part);
      written += part;
      isQuantified = true;
      continue;
    }
    isQuantified = false;
    if (part.startsWith('(')) {
      if (part !== '(' && !['(?:', '(?i:', '(?=', '(?!'].includes(part)) throw refused(part);
      groups.push(foldsCase);
      if (part === '(?i:') foldsCase = true;
      // What groups remember is of no use to a splitter.
      written += part === '(' || part === '(?i:' ? '(?:' : part;
    } else if (part === ')') {
      const outer = groups.pop();
      if (outer === undefined) throw refused(part);
      foldsCase = outer;
      written += part;
    } else if (part === '|') written += part;
    else if (part === '.') written += '[^\\n]';
    else {
      const set = setOf(part, isForAscii);
      const letter = set === undefined ? literalOf(part) : undefined;
      if (set === undefined && letter === undefined) throw refused(part);
      if (letter !== undefined && foldsCase && letter > '\x7f') throw refused(`(?i:${part})`);
      written += set === undefined ? caseOf(letter ?? '', foldsCase) : `[${set}]`;
    }
  }
  if (groups.length > 0) throw refused('its groups');
  if (/\(\?i:/.test(source) && LIGATURES.test(source)) throw refused('(?i:');
  return new RegExp(written, 'gu');
}

/** Where a class that begins at `start` ends; a ] that comes first in it is a character. */
function endOfClass(parts: readonly string[], start: number): number {
  const first = parts[start + 1] === '^' ? start + 2 : start + 1;
  return parts.indexOf(']', first + 1);
}

/** A class, or undefined where it has something of its own: another in it, a set operation, a posix name. */
function classOf(parts: readonly string[], foldsCase: boolean, isForAscii: boolean): string | undefined {
  const isNegated = parts[0] === '^';
  let inside = '';
  let before = '';
  for (const part of isNegated ? parts.slice(1) : parts) {
    const set = setOf(part, isForAscii);
    const letter = set === undefined ? literalInClass(part) : undefined;
    if (set === undefined && letter === undefined) return undefined;
    if (part === '&' && before === '&') return undefined;
    if (letter !== undefined && foldsCase && /[A-Za-z]|[^\0-\x7f]/u.test(letter)) return undefined;
    inside += set ?? (part === '-' ? '-' : escaped(letter ?? ''));
    before = part;
  }
  return `[${isNegated ? '^' : ''}${inside}]`;
}

/** The inside of a class, where the part is a set. */
function setOf(part: string, isForAscii: boolean): string | undefined {
  if (part === '\\s') return isForAscii ? '\\t-\\r ' : WHITE_SPACE;
  if (part === '\\S') return NO_WHITE_SPACE;
  if (part === '\\d') return isForAscii ? '0-9' : characterSet('Nd').source;
  const [, kind, name] = /^\\([pP])\{(\w+)\}$/.exec(part) ?? [];
  const category = name !== undefined && Object.hasOwn(CATEGORIES, name) ? CATEGORIES[name] : undefined;
  if (category === undefined) return undefined;
  const set = isForAscii ? characterSet(category).ascii : characterSet(category);
  return kind === 'p' ? set.source : set.others;
}

const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' };

/** The character that a part outside a class stands for. */
function literalOf(part: string): string | undefined {
  if (part.startsWith('\\')) {
    const letter = part.slice(1);
    return CONTROLS[letter] ?? (/[A-Za-z0-9]/.test(letter) ? undefined : letter);
  }
  return /^[\^$[\]{}()]/.test(part) ? undefined : part;
}

function literalInClass(part: string): string | undefined {
  if (part.startsWith('\\')) return literalOf(part);
  if (part.startsWith('(') || part.startsWith('{')) return part;
  return part === '[' ? undefined : part;
}

function caseOf(letter: string, foldsCase: boolean): string {
  if (!foldsCase || !/[A-Za-z]/.test(letter)) return escaped(letter);
  const small = letter.toLowerCase();
  return `[${small}${letter.toUpperCase()}${OTHER_CASES[small] ?? ''}]`;
}

/** So that it is nothing but itself, in a class and outside. */
const escaped = (text: string) =>
  Array.from(text, letter => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`).join('');
