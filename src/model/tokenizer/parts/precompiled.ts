/**
 * Sentencepiece's table of characters and what they become (`precompiled_charsmap`), looked up as the Rust tokenizers do.
 * Source: spm_precompiled 0.1, whose table is a double array (Aoe 1989) of bytes with texts behind it.
 */
const CHARACTERS = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** A grapheme is looked up whole where it has fewer bytes. */
const LONGEST_GRAPHEME = 6;

/**
 * @param base64 of a tokenizer.json
 * @throws Error where it is no such table
 */
export function precompiledMap(base64: string): (text: string) => string {
  const bytes = Buffer.from(base64, 'base64');
  const length = bytes.length >= 4 ? bytes.readUInt32LE(0) : Number.NaN;
  if (!(length % 4 === 0 && length > 0 && 4 + length <= bytes.length))
    throw new Error('its precompiled_charsmap is no table');
  const units = Uint32Array.from({ length: length / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const texts = bytes.subarray(4 + length);
  const encoder = new TextEncoder();

  const textAt = (place: number) => {
    const end = texts.indexOf(0, place);
    return texts.subarray(place, end === -1 ? undefined : end).toString('utf8');
  };

  /** What the shortest beginning that the table has becomes, which is taken for the whole. */
  const replaced = (part: Uint8Array): string | undefined => {
    let node = offset(units[0]);
    for (const byte of part) {
      if (byte === 0) return undefined;
      node ^= byte;
      const unit = units[node];
      if (unit === undefined || label(unit) !== byte) return undefined;
      node ^= offset(unit);
      if (hasLeaf(unit)) {
        const leaf = units[node];
        if (leaf === undefined) return undefined;
        return textAt(leaf & 0x7fffffff);
      }
    }
    return undefined;
  };

  return text => {
    let result = '';
    for (const { segment } of CHARACTERS.segment(text)) {
      const whole = encoder.encode(segment);
      const at = whole.length < LONGEST_GRAPHEME ? replaced(whole) : undefined;
      if (at !== undefined) result += at;
      else for (const character of segment) result += replaced(encoder.encode(character)) ?? character;
    }
    return result;
  };
}

const hasLeaf = (unit: number) => ((unit >>> 8) & 1) === 1;
const label = (unit: number) => unit & ((1 << 31) | 0xff);
const offset = (unit: number) => (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
