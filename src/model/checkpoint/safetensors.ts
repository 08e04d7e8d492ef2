/**
 * The safetensors format (https://github.com/huggingface/safetensors#format): eight bytes that hold the header's
 * length, a JSON header that gives every tensor's type, shape and place, and the tensors' bytes.
 *
 * A checkpoint comes from outside, so nothing in its header is believed before it is checked against the file.
 */
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { NotJson, parseJson } from '../../parse-json.js';
import { firstNotFinite } from '../read-finite.js';

/** Bytes an element takes, for every type that the format knows. */
const BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
};

/** The format's own limit on a header, and far above what any real one takes. */
const MAX_HEADER_BYTES = 100_000_000;

const size = z.int().nonnegative();
const headerSchema = z.record(
  z.string(),
  z.object({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) }),
);

export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Where the tensor's bytes begin and end in the file. */
  readonly begin: number;
  readonly end: number;
}

/**
 * The tensors of a safetensors file, by name.
 * @param path names the file in errors
 * @throws UserError where the file is truncated, or its header does not describe it
 */
export async function readSafetensorsHeader(
  file: FileHandle,
  path: string,
): Promise<ReadonlyMap<string, TensorEntry>> {
  const refuse = (what: string): never => {
    throw new UserError(`${path}: ${what}`, 'The file is damaged or not a safetensors file: fetch it again.');
  };
  const { size: fileBytes } = await file.stat();
  if (fileBytes < 8) refuse(`${fileBytes} bytes, too short for a safetensors file`);
  const prefix = await readExactly(file, 0, 8, path);
  const headerBytes = Number(prefix.readBigUInt64LE(0));
  if (headerBytes > Math.min(fileBytes - 8, MAX_HEADER_BYTES)) {
    refuse(`its first bytes announce a header of ${headerBytes} bytes in a file of ${fileBytes}`);
  }
  const text = (await readExactly(file, 8, headerBytes, path)).toString('utf8');
  const entries = parseHeader(text, refuse);

  const dataStart = 8 + headerBytes;
  const dataBytes = fileBytes - dataStart;
  const tensors = new Map<string, TensorEntry>();
  for (const [name, { dtype, shape, data_offsets: offsets }] of entries) {
    const bytes = BYTES[dtype];
    if (bytes === undefined) return refuse(`tensor ${name} has the unknown dtype ${dtype}`);
    const [begin, end] = offsets;
    const expected = shape.reduce((product, n) => product * n, bytes);
    if (end - begin !== expected) {
      refuse(`tensor ${name} is ${dtype} [${shape}], ${expected} bytes, but its offsets span ${end - begin}`);
    }
    if (end > dataBytes) {
      refuse(`tensor ${name} ends at byte ${end} of ${dataBytes}: it lies out of the file's range`);
    }
    tensors.set(name, { dtype, shape, begin: dataStart + begin, end: dataStart + end });
  }
  checkTiling(tensors, dataStart, fileBytes, refuse);
  return tensors;
}

function parseHeader(text: string, refuse: (what: string) => never) {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    return refuse(`its header: ${error.message}`);
  }
  if (typeof json !== 'object' || json === null) return refuse('its header is not a JSON object');
  const { __metadata__: _, ...rest } = json as Record<string, unknown>;
  const parsed = headerSchema.safeParse(rest);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`its header's entry for tensor ${issue?.path.join('.')} is malformed: ${issue?.message}`);
  }
  return Object.entries(parsed.data);
}

/** The tensors must cover the data without overlap, hole or remainder, as the format demands. */
function checkTiling(
  tensors: ReadonlyMap<string, TensorEntry>,
  dataStart: number,
  fileBytes: number,
  refuse: (what: string) => never,
): void {
  const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let covered = dataStart;
  let before = 'the header';
  for (const [name, { begin, end }] of inOrder) {
    if (begin < covered) refuse(`tensor ${name} overlaps with ${before}`);
    if (begin > covered) refuse(`${begin - covered} bytes before tensor ${name} belong to no tensor`);
    covered = end;
    before = `tensor ${name}`;
  }
  if (covered !== fileBytes) refuse(`${fileBytes - covered} bytes after ${before} belong to no tensor`);
}

/**
 * The values of one tensor as float32, the nearest to doubles.
 * @throws UserError where one of them is no number: nothing that is computed with it would be one
 */
export async function readFloats(
  file: FileHandle,
  path: string,
  name: string,
  entry: TensorEntry,
): Promise<Float32Array> {
  const values = await readAnyFloats(file, path, name, entry);
  const wrong = firstNotFinite(values);
  if (wrong === -1) return values;
  throw new UserError(
    `${path}: tensor ${name} has ${values[wrong]} among its weights (number ${wrong} of ${values.length}, from 0)`,
    'The training went astray, or the file is damaged: take another checkpoint, or fetch it again.',
  );
}

async function readAnyFloats(
  file: FileHandle,
  path: string,
  name: string,
  entry: TensorEntry,
): Promise<Float32Array> {
  switch (entry.dtype) {
    case 'F64': {
      const bytes = await readExactly(file, entry.begin, entry.end - entry.begin, path);
      return Float32Array.from(new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8));
    }
    case 'F32': {
      const bytes = await readExactly(file, entry.begin, entry.end - entry.begin, path);
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    }
    case 'F16':
      return readHalves(file, path, entry, fromHalf);
    case 'BF16':
      return readHalves(file, path, entry, fromBfloat16);
    default:
      throw new UserError(
        `${path}: tensor ${name} has dtype ${entry.dtype}, where a weight is F64, F32, F16 or BF16`,
        'Save the checkpoint in one of these (in Python: model.half() or model.float(), then save_pretrained).',
      );
  }
}

/** Some of a file's bytes, in a buffer of their own. */
export async function readExactly(
  file: FileHandle,
  position: number,
  length: number,
  path: string,
): Promise<Buffer> {
  // A buffer of its own, never a slice of Node's pool: typed arrays need it aligned.
  const buffer = Buffer.from(new ArrayBuffer(length));
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) {
      throw new UserError(
        `${path}: the file ends at byte ${position + filled}`,
        'It was cut off: fetch it again.',
      );
    }
    filled += bytesRead;
  }
  return buffer;
}

/** Bytes that are read and converted at once: of a vocabulary of half a gigabyte only the float32 are held whole. */
const BLOCK = 2 ** 24;

/** @param convert puts what 16-bit numbers are into floats, from `at` on */
async function readHalves(
  file: FileHandle,
  path: string,
  { begin, end }: TensorEntry,
  convert: (halves: Uint16Array, floats: Float32Array, at: number) => void,
): Promise<Float32Array> {
  const floats = new Float32Array((end - begin) / 2);
  for (let from = begin; from < end; from += BLOCK) {
    const bytes = await readExactly(file, from, Math.min(BLOCK, end - from), path);
    convert(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2), floats, (from - begin) / 2);
  }
  return floats;
}

let halfTable: Float32Array | undefined;

function fromHalf(halves: Uint16Array, floats: Float32Array, at: number): void {
  halfTable ??= Float32Array.from({ length: 65536 }, (_, bits) => halfToNumber(bits));
  for (let i = 0; i < halves.length; i++) floats[at + i] = halfTable[halves[i]];
}

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits, 10 fraction bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 is float32 without its lower 16 bits. */
function fromBfloat16(values: Uint16Array, floats: Float32Array, at: number): void {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < values.length; i++) bits[at + i] = values[i] << 16;
}
