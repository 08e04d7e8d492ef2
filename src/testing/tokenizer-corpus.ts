/**
 * Two thousand sentences of made-up words that tokenizers have to take apart alike: fifty each of forty scripts and styles of writing.
 * The same each time, on every machine.
 */

type Draw = (below: number) => number;

/** A style: its name, and what makes a sentence of it. */
type Style = readonly [string, (draw: Draw) => string];

const SENTENCES_EACH = 50;

/** Mulberry32 of Tommy Ettinger, seeded by the place of the sentence. */
function drawFrom(seed: number): Draw {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const oneOf = <T>(draw: Draw, list: readonly T[]): T => list[draw(list.length)];

/** A character of one of some blocks, each from a first code point to a last. */
function character(draw: Draw, blocks: readonly (readonly [number, number])[]): string {
  const [first, last] = oneOf(draw, blocks);
  return String.fromCodePoint(first + draw(last - first + 1));
}

/** Words of some blocks, with a mark between or behind them here and there. */
const words =
  (...blocks: (readonly [number, number])[]) =>
  (draw: Draw) =>
    times(2 + draw(6), () => times(1 + draw(7), () => character(draw, blocks)).join('')).join(
      oneOf(draw, [' ', ' ', ' ', ', ', '. ', '-', '  ', '']),
    ) + oneOf(draw, ['', '.', '!', ' ?', '…', '。']);

/** Words of a list. */
const ofList =
  (list: readonly string[], between: readonly string[] = [' ']) =>
  (draw: Draw) =>
    times(3 + draw(8), () => oneOf(draw, list) + oneOf(draw, between)).join('');

const ENGLISH = [
  ...['The', 'capital', 'of', 'France', 'is', 'Paris', 'governed', 'from', 'unbelievable', 'tokenization'],
  ...['city', 'born', 'in', 'the', 'a', 'language', 'spoken', 'newton', 'relativity', 'company'],
];
const ACCENTED = [
  ...['Ångström', 'café', 'São', 'Örebro', 'naïve', 'Zürich', 'Łódź', 'Kraków', 'Đà', 'Nẵng'],
  ...[
    'İstanbul',
    'ﬁancé',
    'Straße',
    'STRASSE',
    'ẞ',
    'Œuvre',
    'Æsir',
    'ſon',
    'ǅ',
    'ŉ',
    'ÇA',
    'e\u0301\u0323',
    'q\u0307\u0323',
  ],
];
const CODE = [
  ...['if (x != 3) {', 'return a[i]->b;', '\tprint("Hello, World!")\n', '// TODO: fix', '#include <stdio.h>'],
  ...[
    'def f(x): return x**2',
    '{"key": [1, 2.5e-3, null]}',
    '<div class="a">&nbsp;</div>',
    '\\d+\\.\\d*',
    '0xFFul',
    '\r\n',
    '    ',
  ],
];
const NUMBERS = [
  ...[
    '3.14159',
    '1,000,000',
    '½',
    '²',
    'Ⅳ',
    '٣٤٥',
    '१२३',
    '2024-02-29',
    '10⁻³',
    '¾',
    '㊿',
    '㍘',
    '１２３',
    '🯱🯲',
    '𝟘𝟙',
  ],
  ...['12345678901234567890', '007', '+49 30 123', '5%', '$9.99', '€1.000,00', '৪৫', '一百', '⑩', '𐄈'],
];
const EMOJI = [
  ...[
    '😀',
    '👩‍👩‍👧‍👦',
    '🇫🇷',
    '🏳️‍🌈',
    '👍🏽',
    '❤️',
    '☺',
    '🧑🏿‍🚀',
    '1️⃣',
    '🫠',
    '⚽︎',
    '🇩🇪🇨🇭',
    '©',
    '™',
    '🀄',
    '😀😀',
  ],
];
const INVISIBLE = [
  ...[
    'zero\u200bwidth',
    'non\u200cjoiner',
    'join\u200der',
    'soft\u00adhyphen',
    '\ufeffmark',
    'word\u2060joiner',
  ],
  ...[
    'left\u200eto',
    '\u202bright\u202c',
    'a\u034fb',
    '\u180e',
    'x\ufe0fy',
    '\u061cal',
    '\u2063',
    'variation\u{e0101}',
    '\u{e0041}tag',
  ],
];
const CONTROL = [
  ...[
    'null\0byte',
    'bell\u0007',
    'esc\u001b[31m',
    'tab\there',
    'line\nfeed',
    'return\r',
    'del\u007f',
    'nel\u0085x',
  ],
  ...[
    'c1\u0090',
    'form\u000cfeed',
    'vt\u000bx',
    '\ufffd',
    'private\ue000use',
    '\u{f0000}',
    '\u{10fffd}',
    'non\ufdd0char',
    '\uffff',
    'us\u001fx',
  ],
];
const SPACES = [
  ...[
    ' ',
    '  ',
    '   ',
    '\u00a0',
    '\u2003',
    '\u2009',
    '\u3000',
    '\u1680',
    '\u202f',
    '\u205f',
    '\u2028',
    '\u2029',
    '\t',
    '\n\n',
    '\r\n',
    '\u0085',
  ],
  ...['\u200a', '\u180e', '\u200b', '\u2581', '_', '\v'],
];
const CONTRACTIONS = [
  ...[
    "it's",
    "IT'S",
    "don't",
    "we'll",
    "WE'LL",
    "I've",
    "they're",
    "I'm",
    "he'd",
    "it'ſ",
    "rock 'n' roll",
    "'tis",
    '’s',
    'it’s',
  ],
  ...["'Sam", "''", "d'être", "l'homme", "'ſx", "O'REILLY", "'Re", "'Ve", "'lL", 'K\u212ael'],
];
const SPECIAL = [
  ...[
    '[MASK]',
    '[CLS]',
    '[SEP]',
    '[UNK]',
    '[PAD]',
    '<s>',
    '</s>',
    '<unk>',
    '<mask>',
    '<pad>',
    '<|endoftext|>',
    '<|begin_of_text|>',
  ],
  ...[
    'newton',
    'Newton',
    'newtonian',
    'new ton',
    '[mask]',
    '< s >',
    '<0x0A>',
    '##ing',
    'Ġthe',
    '▁the',
    ' word',
  ],
];
const PUNCTUATION = [
  ...[
    '«guillemets»',
    '“quotes”',
    '‘single’',
    '¿qué?',
    '—',
    '–',
    '…',
    '·',
    '§',
    '¶',
    '†',
    '‰',
    '※',
    '、',
    '。',
    '「」',
    '！？',
    '٪',
  ],
  ...[
    '$',
    '+',
    '<',
    '=',
    '>',
    '^',
    '`',
    '|',
    '~',
    '€',
    '£',
    '¥',
    '₹',
    '×',
    '÷',
    '°',
    '\u066d',
    '⸮',
    '⹃',
    '𑙠',
    '᭎',
    '፡',
    '๏',
    '߸',
  ],
];
const COMPATIBILITY = [
  ...[
    'ﬁ',
    'ﬄ',
    'ﷺ',
    '㎏',
    'ｱｲｳ',
    'Ｆｕｌｌ',
    '𝔘𝔫𝔦',
    '𝒻',
    'ⓐⓑ',
    '℃',
    'Å',
    'Ω',
    '㈱',
    '㋿',
    '㍿',
    'ĳ',
    'ᵃᵇ',
    'ₓ',
    '…',
    '～',
    'ﾞ',
    'が',
    'か\u3099',
  ],
  ...[
    '〜',
    '̀',
    '\u0344',
    'ǆ',
    '⁉',
    '\u0958',
    '\u0f43',
    '\u2f801',
    '豈',
    '\u{2f800}',
    '\u0340',
    '\u1fef',
    '\u2126',
  ],
];
const CASES = [
  'ΠΑΡΙΣ',
  'ΣΊΣΥΦΟΣ',
  'ΟΔΥΣΣΕΥΣ.',
  'ΑΣ',
  'Σ',
  'ΌΣΟΣ',
  'ςσ',
  'ΐ',
  'ΰ',
  'ᾳ',
  'ᾼ',
  'ῼ',
  'Ϋ́',
  'ϴ',
  'ϐ',
  'İ',
  'I\u0307',
  'ı',
  'Ǆ',
  'Ა',
  'Ꭰ',
  'ꭰ',
  'Ɑ',
  '𐐀',
  '𞤀',
  'Ⓐ',
  'Ⅷ',
];
const LATE = [
  '\u{10d50}\u{10d51}',
  '\ua7cb',
  '\u1c89',
  '\u{16ea0}',
  '\u{105c9}',
  '\u{105d2}\u0307',
  '\u0897',
  '\u1acf',
  'a\u1ad0\u0316',
  '\u{1e030}',
  '\u{10780}',
  '\u{323b0}',
  '\u{2ebf0}',
  '\u{1fbf0}',
  '\u0cdc',
  '\u{11f00}',
  '\u{1fa89}',
  '\u20c1',
  '\u{11de0}',
  '\u0378',
  '\u{1ffff}',
  '\u{2b820}',
  '\u{2b91f}',
  '\u{2b920}',
  '\u{2b81d}',
  '\u1c90',
  '\u{1b0}',
];

const STYLES: readonly Style[] = [
  ['English', ofList(ENGLISH)],
  ['accents, composed', draw => ofList(ACCENTED)(draw).normalize('NFC')],
  ['accents, decomposed', draw => ofList(ACCENTED)(draw).normalize('NFD')],
  ['Latin Extended', words([0xc0, 0x24f], [0x1e00, 0x1eff], [0x61, 0x7a])],
  ['phonetic letters and marks', words([0x250, 0x36f], [0x1ab0, 0x1aff], [0x61, 0x7a])],
  ['Greek', words([0x370, 0x3ff], [0x1f00, 0x1fff])],
  ['capitals of many kinds', ofList(CASES, [' ', '', '. ', 'α '])],
  ['Cyrillic', words([0x400, 0x52f])],
  ['Armenian and Georgian', words([0x531, 0x58f], [0x10a0, 0x10ff], [0x1c90, 0x1cbf])],
  ['Hebrew', words([0x591, 0x5c7], [0x5d0, 0x5ea])],
  ['Arabic', words([0x600, 0x6ff], [0x8a0, 0x8ff])],
  ['Arabic forms', words([0xfb50, 0xfdff], [0xfe70, 0xfeff])],
  ['Syriac, Thaana, NKo', words([0x700, 0x7ff])],
  ['Devanagari', words([0x900, 0x97f])],
  ['Bengali, Gurmukhi, Gujarati', words([0x980, 0xaff])],
  ['Oriya, Tamil, Telugu, Kannada', words([0xb00, 0xcff])],
  ['Malayalam, Sinhala', words([0xd00, 0xdff])],
  ['Thai, Lao', words([0xe01, 0xedf])],
  ['Tibetan, Myanmar', words([0xf00, 0xfff], [0x1000, 0x109f])],
  ['Khmer, Mongolian', words([0x1780, 0x18af])],
  ['Ethiopic, Cherokee, Canadian', words([0x1200, 0x167f])],
  ['Hangul', words([0xac00, 0xd7a3], [0x1100, 0x11ff])],
  ['Kana', words([0x3041, 0x30ff], [0x31f0, 0x31ff])],
  ['Chinese', words([0x4e00, 0x9fff])],
  [
    'Chinese of planes 0, 2 and 3',
    words([0x3400, 0x4dbf], [0x20000, 0x2ceb0], [0x2f800, 0x2fa1f], [0x30000, 0x323af]),
  ],
  [
    'Japanese with English',
    draw => words([0x3041, 0x3096])(draw) + oneOf(draw, ENGLISH) + words([0x4e00, 0x9fff])(draw),
  ],
  ['scripts of plane 1', words([0x10000, 0x10fff], [0x11000, 0x11fff])],
  ['mathematical letters and symbols', words([0x1d400, 0x1d7ff], [0x2100, 0x22ff])],
  ['full and half width', words([0xff01, 0xffee])],
  ['emoji', ofList(EMOJI, [' ', '', 'a', '!'])],
  ['invisible characters', ofList(INVISIBLE, [' ', ''])],
  ['control characters', ofList(CONTROL, [' ', ''])],
  ['spaces', ofList(['word', 'a', '1', '.', '中'], SPACES)],
  [
    'long words',
    draw =>
      times(1 + draw(3), () => oneOf(draw, ['ab', 'x1', 'ü', '𝒻', 'é']).repeat(20 + draw(90))).join(' '),
  ],
  ['numbers', ofList(NUMBERS, [' ', '', ', '])],
  ['code', ofList(CODE, ['', ' ', '\n'])],
  ['punctuation', ofList(PUNCTUATION, ['', ' ', 'a'])],
  ['contractions', ofList(CONTRACTIONS, [' ', '', ' x'])],
  ['special tokens', ofList(SPECIAL, [' ', '', '  ', '.', 'ü', '\t'])],
  ['compatibility characters', ofList(COMPATIBILITY, ['', ' ', 'a'])],
  ['characters of late or no Unicode', ofList(LATE, ['', ' ', 'a', '\u0301', '\u0323'])],
  ['any of plane 0', words([0x20, 0xd7ff], [0xe000, 0xffff])],
  ['any of all planes', words([0x20, 0xd7ff], [0x10000, 0x1ffff], [0x2000, 0x2fff], [0xa000, 0xabff])],
];

/** Sentences by the style that they are of. */
export function tokenizerCorpus(): { style: string; text: string }[] {
  return STYLES.flatMap(([style, make], i) =>
    Array.from({ length: SENTENCES_EACH }, (_, j) => ({ style, text: make(drawFrom(1000 * i + j)) })),
  );
}
