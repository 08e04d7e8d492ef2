import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { startEngine } from '../runtime/engine.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { Checkpoint } from './checkpoint/checkpoint.js';
import { type TensorToWrite, writeSafetensors } from './checkpoint/write-safetensors.js';
import { loadModel } from './load.js';

beforeAll(async () => {
  await startEngine('wasm');
});

/** A copy of the demo model to spoil. */
async function copyOfDemo(): Promise<string> {
  const folder = temporaryFolder();
  await cp(DEMO_MODEL, folder, { recursive: true });
  return folder;
}

/** Rewrites the weights, each tensor through `change`; dropped where that gives nothing. */
async function rewrite(
  folder: string,
  change: (tensor: TensorToWrite) => TensorToWrite | undefined,
  fileOf: (name: string) => string = () => 'model.safetensors',
): Promise<void> {
  const checkpoint = await Checkpoint.open(DEMO_MODEL);
  const files = new Map<string, TensorToWrite[]>();
  for (const [name, shape] of await demoTensors()) {
    const values = await checkpoint.read(name, shape);
    const changed = change({ name, shape, dtype: 'F32', values: () => values });
    if (!changed) continue;
    const file = fileOf(name);
    files.set(file, [...(files.get(file) ?? []), changed]);
  }
  await checkpoint.close();
  await rm(join(folder, 'model.safetensors'));
  for (const [file, tensors] of files) await writeSafetensors(join(folder, file), tensors);
}

async function demoTensors(): Promise<[string, number[]][]> {
  const bytes = await readFile(join(DEMO_MODEL, 'model.safetensors'));
  const header: Record<string, { shape: number[] }> = JSON.parse(
    bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0))),
  );
  return Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, { shape }]) => [name, shape]);
}

async function predictionOf(folder: string): Promise<number[]> {
  const { model, tokenizer } = await loadModel(folder);
  const { tokens, position } = tokenizer.encode('france is governed from [MASK].', model.maxTokens);
  const trace = model.trace({ tokens: [tokens], positions: [position] });
  return [...model.probabilities(trace.prediction).dataSync()];
}

const setConfig = async (folder: string, changes: Record<string, unknown>) => {
  const path = join(folder, 'config.json');
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...changes }));
};

describe('a model folder', () => {
  it('may keep its weights in shards with an index', async () => {
    const folder = await copyOfDemo();
    const shard = (name: string) => (name.includes('layer.1') ? 'b.safetensors' : 'a.safetensors');
    await rewrite(folder, tensor => tensor, shard);
    const weightMap = Object.fromEntries((await demoTensors()).map(([name]) => [name, shard(name)]));
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));
    expect(await predictionOf(folder)).toEqual(await predictionOf(DEMO_MODEL));
  });

  it.each([1, 3])('is refused where config.json says %i layers, and the weights have 2', async layers => {
    const folder = await copyOfDemo();
    await setConfig(folder, { num_hidden_layers: layers });
    await expect(predictionOf(folder)).rejects.toThrow(
      `${folder}: the checkpoint has 2 layers, and config.json says ${layers}`,
    );
  });

  it('may use the names of older checkpoints: gamma and beta', async () => {
    const folder = await copyOfDemo();
    await rewrite(folder, tensor => ({
      ...tensor,
      name: tensor.name
        .replace(/LayerNorm\.weight$/, 'LayerNorm.gamma')
        .replace(/LayerNorm\.bias$/, 'LayerNorm.beta'),
    }));
    expect(await predictionOf(folder)).toEqual(await predictionOf(DEMO_MODEL));
  });

  it('may have vocab.txt alone for a tokenizer', async () => {
    const folder = await copyOfDemo();
    const tokenizer: { model: { vocab: Record<string, number> } } = JSON.parse(
      await readFile(join(folder, 'tokenizer.json'), 'utf8'),
    );
    await rm(join(folder, 'tokenizer.json'));
    const byId = Object.entries(tokenizer.model.vocab).sort(([, a], [, b]) => a - b);
    await writeFile(join(folder, 'vocab.txt'), `${byId.map(([token]) => token).join('\n')}\n`);
    expect(await predictionOf(folder)).toEqual(await predictionOf(DEMO_MODEL));
  });

  it('is refused, and leaves no tensor behind, where a tensor is missing or has another shape', async () => {
    const name = 'bert.encoder.layer.1.intermediate.dense.weight';
    const missing = await copyOfDemo();
    await rewrite(missing, tensor => (tensor.name === name ? undefined : tensor));
    const before = tf.memory().numTensors;
    await expect(loadModel(missing)).rejects.toThrow(`the checkpoint has no tensor ${name}`);
    const wrong = await copyOfDemo();
    await rewrite(wrong, tensor => (tensor.name === name ? { ...tensor, shape: [128, 512] } : tensor));
    await expect(loadModel(wrong)).rejects.toThrow(
      `tensor ${name} has shape [128,512], where config.json makes it [512,128]`,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [
      { model_type: 'electra' },
      'architecture is "electra"; kn knows "bert", "roberta", "xlm-roberta", "distilbert", "',
    ],
    [{ hidden_act: 'prelu' }, '"hidden_act" is prelu; kn computes gelu, gelu_python, gelu_new'],
    [{ position_embedding_type: 'relative_key' }, '"position_embedding_type" is relative_key'],
    [{ hidden_size: 0 }, '"hidden_size":'],
    [{ num_hidden_layers: 1e9 }, '"num_hidden_layers":'],
    [{ num_attention_heads: 3 }, '128 hidden values cannot be divided among 3 attention heads'],
    [{ vocab_size: 100 }, "the model's vocabulary ends at 99"],
  ])('is refused for its config.json: %o', async (changes, message) => {
    const folder = await copyOfDemo();
    await setConfig(folder, changes);
    await expect(loadModel(folder)).rejects.toThrow(message);
  });

  it.each([
    ['config.json', 'config.json: cannot be read (no such file or directory)'],
    ['tokenizer.json', 'no tokenizer.json and no vocab.txt'],
    ['model.safetensors', 'no model.safetensors'],
  ])('is refused without %s', async (file, message) => {
    const folder = await copyOfDemo();
    await rm(join(folder, file));
    await expect(loadModel(folder)).rejects.toThrow(message);
  });

  it('is refused with pickled weights, which are code, with the way to convert them', async () => {
    const folder = await copyOfDemo();
    await rm(join(folder, 'model.safetensors'));
    await writeFile(join(folder, 'pytorch_model.bin'), 'x');
    await expect(loadModel(folder)).rejects.toMatchObject({
      message: expect.stringContaining('pytorch_model.bin: a .bin checkpoint holds pickled Python code'),
      remedy: expect.stringContaining('safe_serialization=True'),
    });
  });

  it('is refused where its index names a file elsewhere, or a tensor is in two shards', async () => {
    const folder = await copyOfDemo();
    await rewrite(
      folder,
      tensor => tensor,
      () => 'a.safetensors',
    );
    const index = (files: string[]) =>
      writeFile(
        join(folder, 'model.safetensors.index.json'),
        JSON.stringify({ weight_map: Object.fromEntries(files.map((file, i) => [`t${i}`, file])) }),
      );
    await index(['../../a.safetensors']);
    await expect(loadModel(folder)).rejects.toThrow(
      '"../../a.safetensors" is no name of a safetensors file beside it',
    );
    await cp(join(folder, 'a.safetensors'), join(folder, 'b.safetensors'));
    await index(['a.safetensors', 'b.safetensors']);
    await expect(loadModel(folder)).rejects.toThrow('is in another shard too');
  });
});
