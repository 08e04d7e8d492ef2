/** What becomes of a valid input on its way: values of other types, other numbers, bytes that flip, files that are cut. */
import fc from 'fast-check';
import { copyOf, type JsonTree, placesOf, textOf } from './json-tree.js';

/** One change. What its numbers mean depends on the input that it meets, so that all are possible in all. */
interface Step<Kind> {
  readonly kind: Kind;
  readonly at: number;
  readonly other: number;
}

const TREE_KINDS = [
  ...['other value', 'other value', 'other value', 'other number', 'other number', 'other string'],
  ...['remove', 'repeat', 'rename', 'copy', 'wrap', 'nest'],
] as const;
const BYTE_KINDS = ['flip', 'set', 'cut', 'remove', 'repeat', 'insert', 'zero', 'huge number'] as const;
const LINE_KINDS = ['other line', 'remove', 'repeat', 'swap', 'cut line', 'join'] as const;

export type TreeStep = Step<(typeof TREE_KINDS)[number]>;
export type ByteStep = Step<(typeof BYTE_KINDS)[number]>;
export type LineStep = Step<(typeof LINE_KINDS)[number]>;

const stepsOf = <Kind>(kinds: readonly Kind[], most: number) =>
  fc.array(fc.record({ kind: fc.constantFrom(...kinds), at: fc.nat(), other: fc.nat() }), {
    minLength: 1,
    maxLength: most,
  });

export const treeSteps: fc.Arbitrary<TreeStep[]> = stepsOf(TREE_KINDS, 3);
export const byteSteps: fc.Arbitrary<ByteStep[]> = stepsOf(BYTE_KINDS, 3);
export const lineSteps: fc.Arbitrary<LineStep[]> = stepsOf(LINE_KINDS, 3);

/** Texts that mean more than they say: to a file system, to an object, to a terminal, to a regular expression. */
const STRINGS = [
  ...[
    '',
    ' ',
    '\0',
    '\ud800',
    '\u001b[2J',
    '\ufeff',
    '\u2028',
    '__proto__',
    'constructor',
    'toString',
    'length',
  ],
  ...[
    '../../outside',
    '/',
    '.',
    '..',
    'a/b',
    'C:\\x',
    '%s',
    '$&',
    '(((((a+)+)+)+)+)+$',
    '[',
    '[X]',
    '[Y]',
    '[MASK]',
  ],
  ...['x'.repeat(5000), '\u00e9\u0301', '\ud83d\ude00', 'NaN', 'null', '1e999', '-1', 'true'],
];

const NUMBERS = [
  ...['0', '-0', '1', '-1', '2', '0.5', '-0.5', '1.5', '7', '255', '256', '65536', '1000', '10001'],
  ...[
    '2147483647',
    '2147483648',
    '-2147483648',
    '4294967295',
    '4294967296',
    '9007199254740991',
    '9007199254740993',
  ],
  ...['1e9', '1e15', '1e21', '1e300', '1e999', '-1e999', '1e-300', '5e-324', '18446744073709551615'],
];

const VALUES = [
  ...[
    'null',
    'true',
    'false',
    '[]',
    '{}',
    '[[]]',
    '[null]',
    '[{}]',
    '{"":0}',
    '{"__proto__":{"a":1}}',
    '""',
    '"x"',
  ],
  ...['NaN', 'Infinity', 'undefined', ...NUMBERS, ...STRINGS.map(text => JSON.stringify(text))],
];

const take = <T>(list: readonly T[], n: number): T => list[n % list.length];

/** Values as JSON text, one after the other, after some steps. */
export function mutateJson(values: readonly JsonTree[], steps: readonly TreeStep[], end = ''): string {
  const root = values.map(copyOf);
  for (const step of steps) mutateTree(root, step);
  return root.map(tree => textOf(tree) + end).join('');
}

function mutateTree(root: JsonTree[], { kind, at, other }: TreeStep): void {
  const places = placesOf(root);
  if (places.length === 0) return;
  const scalars = (what: RegExp) =>
    places.filter(({ tree }) => tree.kind === 'scalar' && what.test(tree.text));
  const among = kind === 'other number' ? scalars(/^-?\d/) : kind === 'other string' ? scalars(/^"/) : places;
  if (among.length === 0) return;
  const place = take(among, at);
  switch (kind) {
    case 'other value':
      place.replace({ kind: 'scalar', text: take(VALUES, other) });
      break;
    case 'other number':
      place.replace({ kind: 'scalar', text: otherNumber(textOf(place.tree), other) });
      break;
    case 'other string':
      place.replace({ kind: 'scalar', text: otherString(textOf(place.tree), other) });
      break;
    case 'remove':
      place.remove();
      break;
    case 'repeat':
      place.repeat();
      break;
    case 'rename':
      place.rename(take([...STRINGS, ...keysIn(root)], other));
      break;
    case 'copy':
      place.replace(copyOf(take(places, other).tree));
      break;
    case 'wrap':
      place.replace(
        other % 2 === 0
          ? { kind: 'array', items: [place.tree] }
          : { kind: 'object', entries: [{ key: take(STRINGS, other), value: place.tree }] },
      );
      break;
    case 'nest': {
      const [open, close] = take(
        [
          ['[', ']'],
          ['{"a":', '}'],
          ['{"type":"Sequence","normalizers":[', ']}'],
        ],
        other,
      );
      const depth = take([20, 500, 5000], other);
      place.replace({
        kind: 'scalar',
        text: `${open.repeat(depth)}${textOf(place.tree)}${close.repeat(depth)}`,
      });
      break;
    }
  }
}

function otherNumber(text: string, other: number): string {
  const value = Number(text);
  const near = [-value, value + 1, value - 1, value + 0.5, value * 2, value * 1e6, value / 3];
  return other % 2 === 0 ? take(NUMBERS, other >> 1) : String(take(near, other >> 1));
}

function otherString(text: string, other: number): string {
  const value: string = JSON.parse(text);
  const near = [
    value.slice(1),
    value.slice(0, -1),
    value + value,
    value.toUpperCase(),
    ` ${value}`,
    `../${value}`,
  ];
  return JSON.stringify(other % 2 === 0 ? take(STRINGS, other >> 1) : take(near, other >> 1));
}

function keysIn(root: JsonTree[]): string[] {
  return root.flatMap(tree =>
    tree.kind === 'object'
      ? tree.entries.flatMap(({ key, value }) => [key, ...keysIn([value])])
      : tree.kind === 'array'
        ? keysIn(tree.items)
        : [],
  );
}

export function mutateBytes(content: Uint8Array, steps: readonly ByteStep[]): Buffer {
  let bytes = Buffer.from(content);
  for (const { kind, at, other } of steps) {
    if (bytes.length === 0) return bytes;
    // Half of the places are among the first hundred bytes, where formats say what follows.
    const place = at % (at & 1 ? bytes.length : Math.min(100, bytes.length));
    const length = 1 + (other % Math.min(64, bytes.length - place));
    const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
    switch (kind) {
      case 'flip':
        bytes[place] ^= 1 << (other % 8);
        break;
      case 'set':
        bytes[place] = other;
        break;
      case 'cut':
        bytes = before;
        break;
      case 'remove':
        bytes = Buffer.concat([before, after.subarray(length)]);
        break;
      case 'repeat':
        bytes = Buffer.concat([before, after.subarray(0, length), after]);
        break;
      case 'insert':
        bytes = Buffer.concat([before, Buffer.alloc(length, other), after]);
        break;
      case 'zero':
        bytes.fill(0, place, place + length);
        break;
      case 'huge number':
        // As the lengths in headers are written, of 2, 4 or 8 bytes.
        after.fill(other & 1 ? 0xff : 0x7f, 0, Math.min(after.length, take([2, 4, 8], other)));
        break;
    }
  }
  return bytes;
}

/** A text of lines, which end with a line feed each. */
export function mutateLines(text: string, steps: readonly LineStep[]): string {
  const lines = text.split('\n');
  for (const { kind, at, other } of steps) {
    const [place, second] = [at % lines.length, other % lines.length];
    switch (kind) {
      case 'other line':
        lines[place] = take(STRINGS, other);
        break;
      case 'remove':
        lines.splice(place, 1);
        break;
      case 'repeat':
        lines.splice(second, 0, lines[place]);
        break;
      case 'swap':
        [lines[place], lines[second]] = [lines[second], lines[place]];
        break;
      case 'cut line':
        lines[place] = lines[place].slice(0, other % (lines[place].length + 1));
        break;
      case 'join':
        lines.splice(place, 2, lines.slice(place, place + 2).join(take([' ', '\r', '\t', ''], other)));
        break;
    }
    if (lines.length === 0) lines.push('');
  }
  return lines.join('\n');
}
