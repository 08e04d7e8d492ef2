import { UNICODE_SETS } from './unicode-sets.js';

export type CharacterSetName = keyof typeof UNICODE_SETS;

/** A set of code points. */
export interface CharacterSet {
  has(codePoint: number): boolean;
  /** As the inside of a class of a regular expression with the flag u. */
  readonly source: string;
  /** All other code points in the same way. */
  readonly others: string;
  /** The same two within ASCII. */
  readonly ascii: Pick<CharacterSet, 'source' | 'others'>;
}

const made = new Map<CharacterSetName, CharacterSet>();

/** Made at its first use: most tokenizers need few of them. */
export function characterSet(name: CharacterSetName): CharacterSet {
  const known = made.get(name);
  if (known) return known;
  const set = decode(UNICODE_SETS[name]);
  made.set(name, set);
  return set;
}

/** @param text runs as unicode-sets.ts writes them */
function decode(text: string): CharacterSet {
  const starts: number[] = [];
  const ends: number[] = [];
  let end = -1;
  for (const run of text.split(' ')) {
    const [gap, more = '0'] = run.split('.');
    const start = end + 1 + Number.parseInt(gap, 36);
    end = start + Number.parseInt(more, 36);
    starts.push(start);
    ends.push(end);
  }
  const gaps = [...starts, LAST + 1].map((start, i) => [i === 0 ? 0 : ends[i - 1] + 1, start - 1] as const);
  const isInside = (codePoint: number) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= codePoint) low = middle + 1;
      else high = middle;
    }
    return low > 0 && codePoint <= ends[low - 1];
  };
  const inAscii = Array.from({ length: 128 }, (_, codePoint) => isInside(codePoint));
  const asciiOf = (isIn: boolean) =>
    inAscii.flatMap((is, codePoint) => (is === isIn ? [range(codePoint, codePoint)] : [])).join('');
  return {
    has: codePoint => (codePoint < 128 ? inAscii[codePoint] : isInside(codePoint)),
    source: starts.map((start, i) => range(start, ends[i])).join(''),
    others: gaps.map(([first, last]) => (first > last ? '' : range(first, last))).join(''),
    ascii: { source: asciiOf(true), others: asciiOf(false) },
  };
}

const LAST = 0x10ffff;

const range = (first: number, last: number) => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`;

/** `White_Space` of Unicode, which has been these since version 6.3. JavaScript's own \s has U+FEFF too, and lacks U+0085. */
export const WHITE_SPACE = '\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
export const NO_WHITE_SPACE =
  '\\0-\\x08\\x0e-\\x1f!-\\x84\\x86-\\x9f\\xa1-\\u167f\\u1681-\\u1fff\\u200b-\\u2027\\u202a-\\u202e\\u2030-\\u205e\\u2060-\\u2fff\\u3001-\\u{10ffff}';

export function isWhiteSpace(codePoint: number): boolean {
  if (codePoint < 128) return codePoint === 32 || (codePoint >= 9 && codePoint <= 13);
  return OTHER_SPACE.test(String.fromCodePoint(codePoint));
}

const OTHER_SPACE = new RegExp(`[${WHITE_SPACE}]`, 'u');

/** Most texts are: what is found in them can be found faster. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
