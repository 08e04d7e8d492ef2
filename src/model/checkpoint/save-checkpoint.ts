/**
 * A model with changed values, as a folder in the Hugging Face layout: a copy of the folder that it was loaded from, in
 * which the changed rows or columns alone are other bytes.
 */
import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { refusedFile, systemErrorCode, UserError } from '../../errors.js';
import { syncFolder, writeAll } from '../../whole-file.js';
import { Checkpoint } from './checkpoint.js';
import { copyModel } from './copy-model.js';
import { readExactly, type TensorEntry } from './safetensors.js';
import type { ValueTensor } from './value-tensor.js';
import { encodeFloats, WEIGHT_TYPES, type WeightType } from './write-safetensors.js';

/** Values [hidden] by layer and neuron, as `changeValues` gives them. */
export type ValuesOfLayers = ReadonlyMap<number, ReadonlyMap<number, Float32Array>>;

export interface SavedCheckpoint {
  /** An absolute path. */
  readonly folder: string;
  /** What the changed tensors are stored in. In F16 and BF16 the values are rounded. */
  readonly types: readonly WeightType[];
}

/** What every family of models has its way for. */
export interface OfFamily {
  /** What the names of the bare model's tensors begin with. */
  readonly base: string;
  /** Where a layer's values are in a checkpoint. */
  readonly findValues: (checkpoint: Checkpoint, layer: number) => ValueTensor;
}

/**
 * Writes `source` to `folder` with `values` in the place of its own. The folder appears whole or not at all, and of a large
 * checkpoint one matrix at a time is in memory.
 * @param source the model's folder
 * @throws UserError where `folder` holds something, cannot be written, or its weights' type cannot hold a value
 */
export async function saveChanged(
  source: string,
  values: ValuesOfLayers,
  folder: string,
  { base, findValues }: OfFamily,
  signal?: AbortSignal,
): Promise<SavedCheckpoint> {
  const place = await checkSavePlace(folder);
  let staging: string | undefined;
  try {
    staging = `${place}.partial-${randomUUID()}`;
    await mkdir(staging); // with everybody's rights, where mkdtemp gives the owner's alone
    await copyModel(source, staging, signal);
    const types = await patchValues(staging, { base, findValues }, values);
    signal?.throwIfAborted();
    await syncFolder(staging);
    await rename(staging, place);
    await syncFolder(dirname(place));
    return { folder: place, types };
  } catch (error) {
    if (staging !== undefined) await rm(staging, { recursive: true, force: true });
    if (error instanceof UserError || systemErrorCode(error) === undefined || signal?.aborted) throw error;
    throw refusedFile(folder, 'written', error, 'Name a folder that may be written, on a disk with room.');
  }
}

/**
 * Better said before the work than after it.
 * @returns the folder's absolute path
 * @throws UserError where nothing can be saved as `folder`: it holds something, or what is around it cannot be written
 */
export async function checkSavePlace(folder: string): Promise<string> {
  const remedy = 'Name a folder that is not there yet, or an empty one.';
  const place = await realpath(folder).catch(() => resolve(folder));
  try {
    const names = await readdir(place);
    if (names.length > 0)
      throw new UserError(`${folder}: holds ${names[0]}, and nothing is overwritten`, remedy);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (systemErrorCode(error) !== 'ENOENT') throw refusedFile(folder, 'written', error, remedy);
  }
  try {
    await access(dirname(place), constants.W_OK);
  } catch (error) {
    throw refusedFile(folder, 'written', error, 'The folder around it must be there, and writable.');
  }
  return place;
}

async function patchValues(
  folder: string,
  { base, findValues }: OfFamily,
  values: ValuesOfLayers,
): Promise<WeightType[]> {
  const types = new Set<WeightType>();
  const checkpoint = await Checkpoint.open(folder, base);
  try {
    for (const [layer, rows] of values) {
      const tensor = findValues(checkpoint, layer);
      const { file, entry } = checkpoint.placeOf(tensor.name, tensor.shape);
      types.add(await patchTensor(join(folder, file), entry, tensor, rows));
    }
  } finally {
    await checkpoint.close();
  }
  return [...types];
}

const LARGEST: Readonly<Record<WeightType, number>> = {
  F64: Number.MAX_VALUE,
  F32: (2 - 2 ** -23) * 2 ** 127,
  F16: 65504,
  BF16: (2 - 2 ** -7) * 2 ** 127,
};

/** Reads one matrix of a file, and writes it back with other values for some neurons. */
async function patchTensor(
  path: string,
  { dtype, begin, end }: TensorEntry,
  { name, shape, neuronIs }: ValueTensor,
  rows: ReadonlyMap<number, Float32Array>,
): Promise<WeightType> {
  const type = WEIGHT_TYPES.find(known => known === dtype);
  if (type === undefined) throw new UserError(`${path}: tensor ${name} is ${dtype}, which kn does not write`);
  const file = await open(path, 'r+');
  try {
    const bytes = await readExactly(file, begin, end - begin, path);
    const [height, width] = shape;
    const size = bytes.length / (height * width);
    // A neuron's element e is at row `index`, column e, or the other way round.
    const place = (index: number, e: number) =>
      size * (neuronIs === 'row' ? index * width + e : e * width + index);
    for (const [index, value] of rows) {
      if (!value.every(x => Math.abs(x) <= LARGEST[type])) {
        throw new UserError(
          `the new value of neuron ${index} is more than ${type} holds, in which tensor ${name} is stored`,
          'Change it by less (--lambda1, --lambda2).',
        );
      }
      const encoded = encodeFloats(value, type);
      for (let e = 0; e < value.length; e++)
        bytes.set(encoded.subarray(e * size, (e + 1) * size), place(index, e));
    }
    await writeAll(file, bytes, begin);
    await file.sync();
  } finally {
    await file.close();
  }
  return type;
}
