import { open } from 'node:fs/promises';

/** The types that a weight is stored in. */
export const WEIGHT_TYPES = ['F64', 'F32', 'F16', 'BF16'] as const;
export type WeightType = (typeof WEIGHT_TYPES)[number];

export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: WeightType;
  /** Called when the tensor's turn has come, so that a large checkpoint need not be in memory at once. */
  readonly values: () => Float32Array;
}

const BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2 };

/** Writes a safetensors file (https://github.com/huggingface/safetensors#format), tensors in the given order. */
export async function writeSafetensors(path: string, tensors: readonly TensorToWrite[]): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const { name, shape, dtype } of tensors) {
    const end = offset + shape.reduce((product, n) => product * n, BYTES[dtype]);
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = JSON.stringify(header);
  // Padded, as the reference implementation does, so that the data starts at a multiple of eight bytes.
  const headerBytes = Buffer.from(json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerBytes.length));
  const file = await open(path, 'w');
  try {
    await file.writeFile(Buffer.concat([length, headerBytes]));
    for (const { dtype, values } of tensors) {
      await file.writeFile(encodeFloats(values(), dtype));
    }
  } finally {
    await file.close();
  }
}

/** Values as a file holds them, each the nearest that the type has. */
export function encodeFloats(values: Float32Array, dtype: WeightType): Uint8Array {
  const array = encoded(values, dtype);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function encoded(values: Float32Array, dtype: WeightType): Float32Array | Float64Array | Uint16Array {
  switch (dtype) {
    case 'F64':
      return Float64Array.from(values);
    case 'F32':
      return values;
    case 'F16':
      return toHalves(values, numberToHalf);
    case 'BF16':
      return toHalves(values, numberToBfloat16);
  }
}

/** Not by Uint16Array.from, which makes a list of all numbers first: half a gigabyte of weights took all of Node's heap. */
function toHalves(values: Float32Array, convert: (value: number) => number): Uint16Array {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) halves[i] = convert(values[i]);
  return halves;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The nearest IEEE 754 binary16, ties to even; beyond 65504 infinity. */
export function numberToHalf(value: number): number {
  float[0] = value;
  const sign = (bits[0] >>> 16) & 0x8000;
  const magnitude = bits[0] & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to infinity
  if (magnitude < 0x38800000) {
    // Subnormal: an integer number of 2^-24.
    float[0] = Math.abs(value) * 2 ** 24;
    return sign | roundHalfEven(float[0]);
  }
  const rebased = magnitude - 0x38000000; // exponent bias 127 -> 15
  const remainder = rebased & 0x1fff;
  const half = rebased >>> 13;
  const up = remainder > 0x1000 || (remainder === 0x1000 && (half & 1) === 1);
  return sign | (half + (up ? 1 : 0));
}

/** The nearest bfloat16, the upper half of a float32, ties to even; beyond 3.39e38 infinity. */
export function numberToBfloat16(value: number): number {
  float[0] = value;
  if (Number.isNaN(value)) return (bits[0] >>> 16) | 0x40; // never infinity, whatever the lower bits were
  return (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) >>> 16;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction > 0.5 || (fraction === 0.5 && floor % 2 === 1)) return floor + 1;
  return floor;
}
