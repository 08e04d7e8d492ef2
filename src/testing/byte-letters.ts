/** The letters that GPT-2 writes the 256 bytes with (its bytes_to_unicode): those that can be seen are themselves. */
const visible = [...range('!', '~'), ...range('¡', '¬'), ...range('®', 'ÿ')];
const others = [...Array(256).keys()].filter(byte => !visible.includes(byte));

export const BYTE_LETTERS: readonly string[] = [...Array(256).keys()].map(byte =>
  String.fromCharCode(visible.includes(byte) ? byte : 256 + others.indexOf(byte)),
);

function range(first: string, last: string): number[] {
  const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)];
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
