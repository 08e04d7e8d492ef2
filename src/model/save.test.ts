import { chmod, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { startEngine } from '../runtime/engine.js';
import { describeWith, GOLDEN_BERT, GOLDEN_MODELS, readGolden } from '../testing/shared.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import type { ValuesOfLayers } from './checkpoint/save-checkpoint.js';
import {
  numberToBfloat16,
  type TensorToWrite,
  type WeightType,
  writeSafetensors,
} from './checkpoint/write-safetensors.js';
import { loadModel } from './load.js';
import { saveCheckpoint } from './save.js';

beforeAll(async () => {
  await startEngine('wasm');
});

const newFolder = () => join(temporaryFolder(), 'edited');

interface Tensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
}

/** The tensors of a safetensors file, read without the code under test. */
async function tensorsOf(path: string): Promise<{ metadata: unknown; tensors: Tensor[] }> {
  const file = await readFile(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const {
    __metadata__: metadata,
    ...header
  }: Record<string, Omit<Tensor, 'name'> & { data_offsets: number[] }> = JSON.parse(
    file.toString('utf8', 8, start),
  );
  const tensors = Object.entries(header).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ]) => ({
      name,
      dtype,
      shape,
      bytes: file.subarray(start + begin, start + end),
    }),
  );
  return { metadata, tensors };
}

async function probabilities(folder: string, prompt: string): Promise<Float32Array> {
  const { model, tokenizer } = await loadModel(folder);
  const { tokens, position } = tokenizer.encode(prompt, model.maxTokens);
  const trace = model.trace({ tokens: [tokens], positions: [position] });
  const found = await model.probabilities(trace.prediction).data<'float32'>();
  model.dispose();
  return Float32Array.from(found);
}

/** A BERT of the golden one's weights in another type, in one file or in shards by layer. */
async function goldenIn(dtype: WeightType, shard?: (name: string) => string): Promise<string> {
  const folder = temporaryFolder();
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt'])
    await cp(join(GOLDEN_BERT, name), join(folder, name));
  const { tensors } = await tensorsOf(join(GOLDEN_BERT, 'model.safetensors'));
  const files = new Map<string, TensorToWrite[]>();
  for (const { name, shape, bytes } of tensors) {
    const file = shard?.(name) ?? 'model.safetensors';
    const values = () => new Float32Array(Uint8Array.from(bytes).buffer);
    files.set(file, [...(files.get(file) ?? []), { name, shape, dtype, values }]);
  }
  for (const [file, list] of files) await writeSafetensors(join(folder, file), list);
  if (shard) {
    const weight_map = Object.fromEntries(tensors.map(({ name }) => [name, shard(name)]));
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
  }
  return folder;
}

/** Other values for two neurons of a layer and one of another. */
const valuesFor = (hidden: number): ValuesOfLayers => {
  const value = (n: number) => Float32Array.from({ length: hidden }, (_, i) => Math.sin(n + i));
  return new Map([
    [
      1,
      new Map([
        [0, value(0)],
        [95, value(100)],
      ]),
    ],
    [3, new Map([[17, value(200)]])],
  ]);
};

describe.each(GOLDEN_MODELS)('%s', folder => {
  describeWith(folder, 'a saved checkpoint', () => {
    const [prompt] = readGolden(folder).prompts;
    const values = valuesFor(48);

    it('gives the probabilities of the changed model in memory, exactly, and not those of the source', async () => {
      const saved = newFolder();
      expect(await saveCheckpoint(folder, values, saved)).toEqual({ folder: saved, types: ['F32'] });
      const { model, tokenizer } = await loadModel(folder);
      for (const [layer, rows] of values) await model.writeValues(layer, rows);
      const { tokens, position } = tokenizer.encode(prompt, model.maxTokens);
      const trace = model.trace({ tokens: [tokens], positions: [position] });
      const inMemory = Float32Array.from(await model.probabilities(trace.prediction).data<'float32'>());
      model.dispose();
      expect(await probabilities(saved, prompt)).toEqual(inMemory);
      expect(await probabilities(folder, prompt)).not.toEqual(inMemory);
    });

    it('differs from the source in the values of these neurons alone', async () => {
      const saved = newFolder();
      await saveCheckpoint(folder, values, saved);
      const [before, after] = await Promise.all(
        [folder, saved].map(of => tensorsOf(join(of, 'model.safetensors'))),
      );
      expect(after.metadata).toEqual({ format: 'pt' });
      expect(after.tensors.map(({ bytes: _, ...tensor }) => tensor)).toEqual(
        before.tensors.map(({ bytes: _, ...tensor }) => tensor),
      );
      const changed = after.tensors.filter(({ bytes }, i) => !bytes.equals(before.tensors[i].bytes));
      expect(changed.map(({ name }) => /\d+/.exec(name)?.[0])).toEqual(['1', '3']);
      for (const [i, { bytes }] of before.tensors.entries()) {
        const other = after.tensors[i].bytes;
        let elements = 0;
        for (let at = 0; at < bytes.length; at += 4)
          if (bytes.readInt32LE(at) !== other.readInt32LE(at)) elements++;
        if (elements > 0) expect([48, 96]).toContain(elements);
      }
    });
  });
});

describeWith(GOLDEN_BERT, 'a checkpoint in shards', () => {
  it('keeps its shards, and those without a changed value keep their bytes', async () => {
    const shard = (name: string) => `model-${/layer\.(\d)/.exec(name)?.[1] ?? 'rest'}.safetensors`;
    const [source, saved] = [await goldenIn('F32', shard), newFolder()];
    await saveCheckpoint(source, valuesFor(48), saved);
    expect((await readdir(saved)).sort()).toEqual((await readdir(source)).sort());
    const same: string[] = [];
    for (const name of await readdir(source)) {
      const [a, b] = await Promise.all([source, saved].map(folder => readFile(join(folder, name))));
      if (a.equals(b)) same.push(name);
    }
    const changed = ['model-1.safetensors', 'model-3.safetensors'];
    expect((await readdir(source)).filter(name => !same.includes(name)).sort()).toEqual(changed);
    const whole = newFolder();
    await saveCheckpoint(GOLDEN_BERT, valuesFor(48), whole);
    const prompt = 'the capital of france is [MASK] .';
    expect(await probabilities(saved, prompt)).toEqual(await probabilities(whole, prompt));
  });
});

describeWith(GOLDEN_BERT, 'a checkpoint in another precision', () => {
  it.each(['F16', 'BF16'] as const)('stays in %s: the new values are rounded to it', async dtype => {
    const [source, saved] = [await goldenIn(dtype), newFolder()];
    const values = valuesFor(48);
    const { types } = await saveCheckpoint(source, values, saved);
    expect(types).toEqual([dtype]);
    const { tensors } = await tensorsOf(join(saved, 'model.safetensors'));
    expect(new Set(tensors.map(tensor => tensor.dtype))).toEqual(new Set([dtype]));
    const { model } = await loadModel(saved);
    const [stored] = await model.readValues(3, [17]);
    const digits = dtype === 'F16' ? 11 : 8;
    stored.forEach((x, i) => {
      const wanted = values.get(3)?.get(17)?.[i] ?? Number.NaN;
      expect(Math.abs(x / wanted - 1)).toBeLessThanOrEqual(2 ** -digits);
    });
    const [other] = await model.readValues(3, [18]);
    const original = await loadModel(source);
    expect([other]).toEqual(await original.model.readValues(3, [18]));
    model.dispose();
    original.model.dispose();
  });

  it('stays in F64, which holds the new values exactly', async () => {
    const [source, saved] = [await goldenIn('F64'), newFolder()];
    const prompt = 'the capital of france is [MASK] .';
    expect(await probabilities(source, prompt)).toEqual(await probabilities(GOLDEN_BERT, prompt));
    const { types } = await saveCheckpoint(source, valuesFor(48), saved);
    expect(types).toEqual(['F64']);
    const whole = newFolder();
    await saveCheckpoint(GOLDEN_BERT, valuesFor(48), whole);
    expect(await probabilities(saved, prompt)).toEqual(await probabilities(whole, prompt));
  });

  it('refuses a value that its type does not hold', async () => {
    const [source, saved] = [await goldenIn('F16'), newFolder()];
    const values = new Map([[0, new Map([[5, new Float32Array(48).fill(1e6)]])]]);
    await expect(saveCheckpoint(source, values, saved)).rejects.toThrow(
      'the new value of neuron 5 is more than F16 holds',
    );
    await expect(stat(saved)).rejects.toThrow('ENOENT');
  });
});

describe('bfloat16', () => {
  it.each([
    [0, 0],
    [-0, 0x8000],
    [1, 0x3f80],
    [1 + 2 ** -8, 0x3f80], // half-way: to the even one below
    [1 + 3 * 2 ** -8, 0x3f82], // half-way: to the even one above
    [1 + 2 ** -8 + 2 ** -20, 0x3f81],
    [-3.3895313892515355e38, 0xff7f],
    [3.4e38, 0x7f80],
    [Number.POSITIVE_INFINITY, 0x7f80],
    [Number.NaN, 0x7fc0],
  ])('of %d is the nearest', (value, bits) => {
    expect(numberToBfloat16(value)).toBe(bits);
  });
});

describe('what is saved beside the weights', () => {
  it('is what transformers reads and what people should: no other weights, no stray files', async () => {
    const source = temporaryFolder();
    await cp(DEMO_MODEL, source, { recursive: true });
    for (const name of [
      'LICENSE',
      'special_tokens_map.json',
      'pytorch_model.bin',
      'tf_model.h5',
      'notes.json',
    ])
      await writeFile(join(source, name), '{}');
    await mkdir(join(source, 'onnx'));
    const saved = newFolder();
    await saveCheckpoint(source, new Map(), saved);
    expect((await readdir(saved)).sort()).toEqual([
      'LICENSE',
      'README.md',
      'config.json',
      'model.safetensors',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
  });

  it('may be written, though the source may not', async () => {
    const source = temporaryFolder();
    await cp(DEMO_MODEL, source, { recursive: true });
    await chmod(join(source, 'model.safetensors'), 0o444);
    const saved = newFolder();
    await saveCheckpoint(source, new Map([[0, new Map([[1, new Float32Array(128)]])]]), saved);
    expect((await stat(join(saved, 'model.safetensors'))).mode & 0o200).toBe(0o200);
  });
});

describe('the place of a saved checkpoint', () => {
  it('may be an empty folder', async () => {
    const folder = temporaryFolder();
    await mkdir(join(folder, 'empty'));
    await saveCheckpoint(DEMO_MODEL, new Map(), join(folder, 'empty'));
    expect(await readdir(join(folder, 'empty'))).toContain('model.safetensors');
    expect(await readdir(folder)).toEqual(['empty']);
    await mkdir(join(folder, 'other'));
    expect((await stat(join(folder, 'empty'))).mode).toBe((await stat(join(folder, 'other'))).mode);
  });

  it.each([
    ['a folder with something in it', 'full', 'full: holds notes.txt, and nothing is overwritten'],
    ['a file', 'full/notes.txt', 'notes.txt: cannot be written (not a directory)'],
    ['in a folder that is not there', 'no/edited', 'edited: cannot be written (no such file or directory)'],
  ])('may not be %s, and nothing is lost', async (_, name, message) => {
    const folder = temporaryFolder();
    await mkdir(join(folder, 'full'));
    await writeFile(join(folder, 'full/notes.txt'), 'mine');
    await expect(saveCheckpoint(DEMO_MODEL, new Map(), join(folder, name))).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual(['full']);
    expect(await readFile(join(folder, 'full/notes.txt'), 'utf8')).toBe('mine');
  });

  it('holds nothing where the weights cannot be read, or saving was stopped', async () => {
    const folder = temporaryFolder();
    const source = join(folder, 'source');
    await cp(DEMO_MODEL, source, { recursive: true });
    const stopped = AbortSignal.abort();
    await expect(saveCheckpoint(source, new Map(), join(folder, 'a'), stopped)).rejects.toThrow('abort');
    await rm(join(source, 'model.safetensors'));
    await expect(saveCheckpoint(source, new Map(), join(folder, 'b'))).rejects.toThrow(
      'no model.safetensors',
    );
    expect(await readdir(folder)).toEqual(['source']);
  });
});
