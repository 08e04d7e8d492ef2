/**
 * A number of a JSON file as the Rust tokenizers read it (serde_json without float_roundtrip): its digits as one whole number, then
 * divided by a power of ten. Both steps round, so that one number in twelve is another than everyone else's in its last bit, and words
 * that have two equally probable readings are taken apart otherwise.
 * @param value whose digits in the file are the fewest that tell it from others, as all that write JSON write it
 */
export function rustNumber(value: number): number {
  const [, whole, fraction = '', exponent = '0'] =
    /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(Math.abs(value))) ?? [];
  if (whole === undefined) return value;
  const digits = Number(whole + fraction);
  const power = Number(exponent) - fraction.length;
  const read = power < 0 ? digits / 10 ** -power : digits * 10 ** power;
  return value < 0 ? -read : read;
}
