import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { halfToNumber, readFloats, readSafetensorsHeader } from './safetensors.js';
import { numberToHalf, writeSafetensors } from './write-safetensors.js';

/** A file with any header and any data. */
async function fileOf(header: unknown, data: Uint8Array, headerLength?: number): Promise<string> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerLength ?? text.length));
  const path = join(temporaryFolder(), 'model.safetensors');
  await writeFile(path, Buffer.concat([length, text, data]));
  return path;
}

async function headerOf(path: string) {
  const file = await open(path);
  try {
    return await readSafetensorsHeader(file, path);
  } finally {
    await file.close();
  }
}

async function valuesOf(path: string, name: string): Promise<number[]> {
  const file = await open(path);
  try {
    const entry = (await readSafetensorsHeader(file, path)).get(name);
    if (!entry) throw new Error(`no ${name}`);
    return [...(await readFloats(file, path, name, entry))];
  } finally {
    await file.close();
  }
}

const f32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('a safetensors file', () => {
  it('gives back what was written, F32 exactly and F16 to its nearest value', async () => {
    const path = join(temporaryFolder(), 'x.safetensors');
    await writeSafetensors(path, [
      { name: 'a', shape: [2, 2], dtype: 'F32', values: () => Float32Array.of(1, -2.5, 3e-20, 1e30) },
      { name: 'b', shape: [3], dtype: 'F16', values: () => Float32Array.of(1, -0.333333, 65504) },
    ]);
    expect((await headerOf(path)).get('a')).toMatchObject({ dtype: 'F32', shape: [2, 2] });
    expect(await valuesOf(path, 'a')).toEqual([...Float32Array.of(1, -2.5, 3e-20, 1e30)]);
    expect(await valuesOf(path, 'b')).toEqual([1, -0.333251953125, 65504]);
  });

  it.each([
    ['F32', Float32Array.of(1, 2, Number.NaN), 'NaN among its weights (number 2 of 3, from 0)'],
    ['F32', Float32Array.of(Number.NEGATIVE_INFINITY, 0, 1), '-Infinity among its weights (number 0 of 3'],
    ['F16', Uint16Array.of(0x3c00, 0x7c00, 0x3c00), 'Infinity among its weights (number 1 of 3'],
    ['F16', Uint16Array.of(0x3c00, 0x3c00, 0x7e00), 'NaN among its weights (number 2 of 3'],
    ['F64', Float64Array.of(1, Number.NaN, 1), 'NaN among its weights (number 1 of 3'],
    ['F64', Float64Array.of(1, 1, 1e39), 'Infinity among its weights (number 2 of 3'],
    ['BF16', Uint16Array.of(0x7f80, 0x3f80, 0x3f80), 'Infinity among its weights (number 0 of 3'],
    ['BF16', Uint16Array.of(0x3f80, 0x7fc0, 0x3f80), 'NaN among its weights (number 1 of 3'],
  ])('is refused where a weight of type %s is none: %o', async (dtype, values, message) => {
    const path = await fileOf({ w: entry(dtype, [3], 0, values.byteLength) }, new Uint8Array(values.buffer));
    await expect(valuesOf(path, 'w')).rejects.toThrow(`${path}: tensor w has ${message}`);
  });

  it("is refused where its header has a tensor's name twice", async () => {
    const one = JSON.stringify({ x: entry('F32', [1], 0, 4) }).slice(1, -1);
    const path = await fileOf(`{${one},${one}}`, new Uint8Array(4));
    await expect(headerOf(path)).rejects.toThrow(`${path}: its header: "x" stands twice in one object`);
  });

  it('reads F64 as the nearest float32', async () => {
    const data = new Uint8Array(Float64Array.of(1 + 2 ** -30, -1 / 3, 1e-300).buffer);
    const path = await fileOf({ x: entry('F64', [3], 0, 24) }, data);
    expect(await valuesOf(path, 'x')).toEqual([1, Math.fround(-1 / 3), 0]);
  });

  it('reads BF16 as the upper half of float32', async () => {
    const data = new Uint8Array(Uint16Array.of(0x3f80, 0xc020).buffer);
    expect(await valuesOf(await fileOf({ x: entry('BF16', [2], 0, 4) }, data), 'x')).toEqual([1, -2.5]);
  });

  it('keeps integers that are no weights, and refuses to take them for weights', async () => {
    const path = await fileOf({ position_ids: entry('I64', [1], 0, 8) }, new Uint8Array(8));
    expect((await headerOf(path)).has('position_ids')).toBe(true);
    await expect(valuesOf(path, 'position_ids')).rejects.toThrow(
      'tensor position_ids has dtype I64, where a weight is',
    );
  });

  it.each([
    ['is shorter than its own length field', '', 0, 'too short', undefined],
    [
      'has a header longer than the file',
      { x: entry('F32', [1], 0, 4) },
      4,
      'announce a header of 999999 bytes',
      999999,
    ],
    ['has a header that is no JSON', '{"x":', 0, 'its header: not JSON (', undefined],
    ['has a header that is a list', '[]', 4, 'bytes after the header belong to no tensor', undefined],
    [
      'has an unknown dtype',
      { x: entry('F31', [1], 0, 4) },
      4,
      'tensor x has the unknown dtype F31',
      undefined,
    ],
    [
      'lies about a shape',
      { x: entry('F32', [3], 0, 4) },
      4,
      'tensor x is F32 [3], 12 bytes, but its offsets span 4',
      undefined,
    ],
    [
      'has a tensor beyond its end',
      { x: entry('F32', [2], 0, 8) },
      4,
      'tensor x ends at byte 8 of 4',
      undefined,
    ],
    [
      'has a tensor that begins after its end',
      { x: entry('F32', [1], 8, 4) },
      8,
      'but its offsets span -4',
      undefined,
    ],
    [
      'has overlapping tensors',
      { x: entry('F32', [2], 0, 8), y: entry('F32', [2], 4, 12) },
      12,
      'tensor y overlaps with tensor x',
      undefined,
    ],
    [
      'has a hole',
      { x: entry('F32', [1], 4, 8) },
      8,
      '4 bytes before tensor x belong to no tensor',
      undefined,
    ],
    [
      'is oversized',
      { x: entry('F32', [1], 0, 4) },
      12,
      '8 bytes after tensor x belong to no tensor',
      undefined,
    ],
    [
      'has a negative size',
      { x: entry('F32', [-1], 0, 4) },
      4,
      'entry for tensor x.shape.0 is malformed',
      undefined,
    ],
    [
      'has offsets that are no numbers',
      { x: { dtype: 'F32', shape: [1], data_offsets: ['0', 4] } },
      4,
      'tensor x.data_offsets.0',
      undefined,
    ],
  ])('is refused where it %s', async (_, header, bytes, message, headerLength) => {
    const path = await fileOf(header, new Uint8Array(bytes), headerLength);
    const truncated = message === 'too short';
    if (truncated) await writeFile(path, 'abc');
    await expect(headerOf(path)).rejects.toThrow(message);
    await expect(headerOf(path)).rejects.toThrow(path);
  });

  it('is refused where it was cut off', async () => {
    const whole = Buffer.concat([f32(1, 2, 3)]);
    const path = await fileOf({ x: entry('F32', [3], 0, 12) }, whole.subarray(0, 5));
    await expect(headerOf(path)).rejects.toThrow('tensor x ends at byte 12 of 5');
  });
});

describe('half precision', () => {
  it('survives the way to float32 and back, all 65536 patterns', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToNumber(bits);
      if (Number.isNaN(value)) expect(Number.isNaN(halfToNumber(numberToHalf(value)))).toBe(true);
      else if (numberToHalf(value) !== bits) throw new Error(`${bits} came back as ${numberToHalf(value)}`);
    }
  });

  it('rounds to the nearest, ties to even', () => {
    expect(halfToNumber(numberToHalf(1 + 2 ** -11))).toBe(1);
    expect(halfToNumber(numberToHalf(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
    expect(halfToNumber(numberToHalf(2 ** -25))).toBe(0);
    expect(halfToNumber(numberToHalf(3 * 2 ** -25))).toBe(2 ** -23);
    expect(halfToNumber(numberToHalf(65519))).toBe(65504);
    expect(halfToNumber(numberToHalf(65520))).toBe(Number.POSITIVE_INFINITY);
  });
});
