import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '../../model/checkpoint/write-safetensors.js';
import type { RandomDecoder } from './shapes.js';

/** Writes config.json and model.safetensors into `folder`. */
export async function writeRandomDecoder(folder: string, { config, shapes }: RandomDecoder): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const tensors = Object.entries(shapes).map(([name, shape], i) => ({
    name,
    shape,
    dtype: 'F32' as const,
    values: () => randomTensor(name, shape, i + 1, config.model_type === 'gemma2'),
  }));
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
}

/** Large enough for every part to matter; what norms multiply by is about 1, or what Gemma 2 adds 1 to. */
function randomTensor(
  name: string,
  shape: readonly number[],
  seed: number,
  isAddedTo: boolean,
): Float32Array {
  const next = randomNumbers(seed);
  const isScale = shape.length === 1 && name.endsWith('weight');
  const center = isScale && !isAddedTo ? 1 : 0;
  const size = shape.reduce((product, n) => product * n, 1);
  return Float32Array.from({ length: size }, () => center + next() / 2);
}

/** Reproducible numbers in (-1, 1), by the generator mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** What `use` makes of a folder with it, which is gone then. */
export async function withRandomDecoder<T>(
  decoder: RandomDecoder,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'kn-test-'));
  try {
    await writeRandomDecoder(folder, decoder);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
