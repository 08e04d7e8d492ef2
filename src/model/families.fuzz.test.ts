/** The configurations of all families of models, damaged: each is read or refused, and none of its tensors is left. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe } from 'vitest';
import { startEngine } from '../runtime/engine.js';
import { fuzzFile } from '../testing/fuzz/fuzz-reader.js';
import { RANDOM_DECODERS } from '../testing/random-decoders/random-decoders.js';
import { writeRandomDecoder } from '../testing/random-decoders/write-random-decoder.js';
import { RANDOM_ENCODERS } from '../testing/random-encoders.js';
import { readModelConfig } from './config.js';
import { loadWeights } from './load.js';

beforeAll(async () => {
  await startEngine('wasm');
});

/** Loads a model; whatever happens, none of its tensors is left. */
async function useWeights(folder: string): Promise<unknown> {
  const before = tf.memory().numTensors;
  return loadAndDispose(folder).finally(() => {
    const left = tf.memory().numTensors - before;
    if (left !== 0) throw new Error(`${left} tensors are left`);
  });
}

async function loadAndDispose(folder: string): Promise<string> {
  (await loadWeights(folder, await readModelConfig(folder))).dispose();
  return folder;
}

/** One of each family. */
const families = new Map(
  Object.values({ ...RANDOM_DECODERS, ...RANDOM_ENCODERS }).map(model => [model.config.model_type, model]),
);

const models = await Promise.all(
  [...families].map(async ([name, model]) => {
    const folder = mkdtempSync(join(tmpdir(), 'kn-test-'));
    await writeRandomDecoder(folder, model);
    const files = {
      'config.json': readFileSync(join(folder, 'config.json'), 'utf8'),
      'model.safetensors': readFileSync(join(folder, 'model.safetensors')),
    };
    rmSync(folder, { recursive: true });
    return { name: String(name), files };
  }),
);

describe.each(models)('a $name', ({ name, files }) => {
  fuzzFile(`config.json of a ${name}`, { files, file: 'config.json', read: useWeights });
});
