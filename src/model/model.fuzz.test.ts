/** What a model is read from: its configuration, its weights and their index. What it then predicts is finite, or refused. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe } from 'vitest';
import { intervene } from '../intervention/intervene.js';
import { startEngine } from '../runtime/engine.js';
import { fuzzFile, mixed } from '../testing/fuzz/fuzz-reader.js';
import { treeOf } from '../testing/fuzz/json-tree.js';
import { byteSteps, mutateBytes, mutateJson, treeSteps } from '../testing/fuzz/mutate.js';
import { partsOf, tinyBert, tinyGpt2, tinyGptNeo, withHeader } from '../testing/tiny-model.js';
import { loadModel } from './load.js';

beforeAll(async () => {
  await startEngine('wasm');
});

/** Loads a model and asks it, as it is and without a neuron; whatever happens, none of its tensors is left. */
async function useModel(folder: string): Promise<unknown> {
  const before = tf.memory().numTensors;
  const asked = askModel(folder);
  return asked.finally(() => {
    const left = tf.memory().numTensors - before;
    if (left !== 0) throw new Error(`${left} tensors are left`);
  });
}

async function askModel(folder: string): Promise<unknown> {
  const { model, tokenizer } = await loadModel(folder);
  try {
    const prompt = tokenizer.encode(model.causal ? 'paris is' : 'paris is in [MASK] .', model.maxTokens);
    return await intervene(model, [prompt], [[0, 1]], [0]);
  } finally {
    model.dispose();
  }
}

const MODELS = { bert: tinyBert(), gpt2: tinyGpt2(), gpt_neo: tinyGptNeo() };

describe.each(Object.entries(MODELS))('a %s', (name, files) => {
  fuzzFile(`config.json of a ${name}`, { files, file: 'config.json', read: useModel });

  const weights = Buffer.from(files['model.safetensors']);
  const { header, data } = partsOf(weights);
  const entries = [treeOf(JSON.parse(header))];
  const withinHeader = treeSteps.map(steps => withHeader(mutateJson(entries, steps), data));
  const withinData = byteSteps.map(steps =>
    withHeader(header, keepLength(mutateBytes(data, steps), data.length)),
  );
  const anywhere = byteSteps.map(steps => mutateBytes(weights, steps));
  fuzzFile(`model.safetensors of a ${name}`, {
    files,
    file: 'model.safetensors',
    mutations: mixed(fc.oneof(withinHeader, withinData), anywhere),
    read: useModel,
  });
});

/** Other values, of which there are as many. */
function keepLength(bytes: Buffer, length: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(length)]).subarray(0, length);
}

describe('weights in shards', () => {
  const { 'model.safetensors': weights, ...others } = tinyBert();
  const names = Object.keys(JSON.parse(partsOf(Buffer.from(weights)).header)).filter(
    name => name !== '__metadata__',
  );
  const index = {
    metadata: { total_size: 1 },
    weight_map: Object.fromEntries(names.map(name => [name, 'a.safetensors'])),
  };
  const file = 'model.safetensors.index.json';
  const files = { ...others, 'a.safetensors': weights, [file]: JSON.stringify(index) };
  fuzzFile(file, { files, file, read: useModel });
});
