/** Unicode's normal forms, and small letters, as the Rust tokenizers know them. */
import { characterSet, isAscii } from './character-set.js';
import { LATE_CAPITALS } from './unicode-sets.js';

export type NormalForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

let laterThan9: RegExp | undefined;

/**
 * Those of Unicode 9, whichever this Node knows. A character of later times is no mark and made of nothing there, so that it parts
 * what is before it from what is after; for those of Unicode 9 all later versions agree.
 */
export function normalForm(text: string, form: NormalForm): string {
  if (isAscii(text)) return text;
  laterThan9 ??= new RegExp(`([^${characterSet('inUnicode9').source}])`, 'u');
  return text
    .split(laterThan9)
    .map((part, i) => (i % 2 === 0 ? part.normalize(form) : part))
    .join('');
}

const late = new Map(
  LATE_CAPITALS.split(' ').map(pair => {
    const [capital, small] = pair.split('.').map(hex => String.fromCodePoint(Number.parseInt(hex, 16)));
    return [capital, small];
  }),
);

/** Letter by letter: JavaScript's own takes a capital sigma at the end of a word for another letter than within it. */
export function smallLetters(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  return Array.from(text, letter => late.get(letter) ?? letter.toLowerCase()).join('');
}
