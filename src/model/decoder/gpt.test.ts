/**
 * GPT-2 and GPT-Neo: what their files may say, and prompts in each other's company. The golden models' weights are large
 * (initializer_range 0.25), and float32 leaves some 1e-5 of a probability.
 */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { attribute } from '../../attribution/attribute.js';
import { gradientXActivation } from '../../attribution/gradient-x-activation.js';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { relativeError } from '../../testing/finite-differences.js';
import { ReferenceDecoder } from '../../testing/reference-decoder/reference-decoder.js';
import { describeWith, GOLDEN_GPT_NEO, GOLDEN_GPT2 } from '../../testing/shared.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { type TensorToWrite, writeSafetensors } from '../checkpoint/write-safetensors.js';
import { SITES } from '../language-model.js';
import { type LoadedModel, loadModel } from '../load.js';
import { parseGpt2Config } from './gpt2.js';

const TOLERANCE = 5e-5;

const LONG = [11, 40, 7, 300, 55, 421, 9, 88, 130];

const batchOf = (tokens: readonly (readonly number[])[]) => ({
  tokens,
  positions: tokens.map(({ length }) => length - 1),
});

/** Of 9 tokens, longer than GPT-Neo's window of 4; and beside them shorter ones, down to one that sees itself alone. */
const BATCHES = {
  'one length': batchOf([
    [11, 40, 7, 300, 55, 421, 9, 88, 130],
    [270, 3, 3, 64, 199, 12, 350, 401, 2],
  ]),
  'several lengths': batchOf([[270, 3, 3], [11, 40, 7, 300, 55, 421, 9, 88, 130], [77], [64, 199, 12]]),
};

async function predictionsOf(folder: string, tokens: readonly number[]) {
  const { model } = await loadModel(folder);
  const trace = model.trace(batchOf([tokens]));
  const found = [...tf.tidy(() => model.probabilities(trace.prediction)).dataSync()];
  trace.dispose();
  model.dispose();
  const { probabilities } = (await ReferenceDecoder.load(folder)).run(tokens);
  return { found, expected: probabilities };
}

async function withConfig(folder: string, changes: object): Promise<string> {
  const copy = temporaryFolder();
  await cp(folder, copy, { recursive: true });
  const path = join(copy, 'config.json');
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...changes }));
  return copy;
}

const engines = (await enginesHere()).filter(engine => engine !== 'webgpu');
const asked = engines.flatMap(engine =>
  Object.entries(BATCHES).flatMap(([kind, BATCH]) =>
    [GOLDEN_GPT2, GOLDEN_GPT_NEO].map(folder => ({ engine, kind, BATCH, folder })),
  ),
);
for (const { engine, kind, BATCH, folder } of asked) {
  describeWith(folder, `a GPT on ${engine}: ${basename(folder)}, prompts of ${kind}`, () => {
    const answers = BATCH.tokens.map((_, prompt) => 5 + prompt);
    let loaded: LoadedModel;
    beforeAll(async () => {
      await startEngine(engine);
      loaded = await loadModel(folder);
    });

    it('scores prompts that share a batch as it does each alone', async () => {
      const options = { rule: 'riemann_endpoints', steps: 4 } as const;
      const both = await attribute(loaded.model, BATCH, answers, options);
      for (const [i, tokens] of BATCH.tokens.entries()) {
        const [alone] = await attribute(loaded.model, batchOf([tokens]), [5 + i], options);
        alone.forEach((row, layer) => {
          expect(relativeError(both[i][layer], row)).toBeLessThan(TOLERANCE);
        });
      }
    });

    it.each(SITES)('scores one step at alpha = 1 as gradient times activation: %s', async site => {
      const step = { rule: 'riemann_right', steps: 1, site } as const;
      const found = await attribute(loaded.model, BATCH, answers, step);
      const expected = await gradientXActivation(loaded.model, BATCH, answers, { site });
      found.flat().forEach((row, i) => {
        expect(relativeError(row, expected.flat()[i])).toBeLessThan(1e-5);
      });
    });

    it('may be saved without its prefix, and with a vocabulary matrix of its own', async () => {
      const other = await withConfig(folder, { tie_word_embeddings: false });
      const checkpoint = await Checkpoint.open(folder);
      const bytes = await readFile(join(folder, 'model.safetensors'));
      const header: Record<string, { shape: number[] }> = JSON.parse(
        bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0))),
      );
      const tensors: TensorToWrite[] = [];
      for (const [name, { shape }] of Object.entries(header)) {
        if (name === '__metadata__' || name === 'lm_head.weight') continue;
        const values = await checkpoint.read(name, shape);
        tensors.push({ name: name.replace(/^transformer\./, ''), shape, dtype: 'F32', values: () => values });
        if (name.endsWith('wte.weight')) {
          const reversed = Float32Array.from(values).reverse();
          tensors.push({ name: 'lm_head.weight', shape, dtype: 'F32', values: () => reversed });
        }
      }
      await checkpoint.close();
      await writeSafetensors(join(other, 'model.safetensors'), tensors);
      const { found, expected } = await predictionsOf(other, BATCH.tokens[0]);
      expect(relativeError(found, expected)).toBeLessThan(TOLERANCE);
      const tied = await predictionsOf(folder, BATCH.tokens[0]);
      expect(relativeError(tied.found, expected)).toBeGreaterThan(0.1);
    });

    it('leaves no tensor behind over many prompts, nor when it is disposed of', async () => {
      const empty = tf.memory().numTensors;
      const { model } = await loadModel(folder);
      const run = () => attribute(model, BATCH, answers, { rule: 'riemann_left', steps: 3 });
      await run();
      const before = tf.memory().numTensors;
      for (let fact = 0; fact < 10; fact++) await run();
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
      expect(tf.memory().numTensors).toBe(empty);
    });
  });
}

describeWith(GOLDEN_GPT2, "a GPT-2's config.json", () => {
  beforeAll(async () => {
    await startEngine('wasm');
  });

  it.each([{ scale_attn_weights: false }, { scale_attn_by_inverse_layer_idx: true }])(
    'decides how scores are scaled: %o',
    async changes => {
      const { found, expected } = await predictionsOf(await withConfig(GOLDEN_GPT2, changes), LONG);
      expect(relativeError(found, expected)).toBeLessThan(TOLERANCE);
      const usual = await predictionsOf(GOLDEN_GPT2, LONG);
      expect(relativeError(found, usual.expected)).toBeGreaterThan(1e-3);
    },
  );

  it('scales by the root of the head size, and by the layer where it is asked to', () => {
    const json = { n_embd: 48, n_layer: 3, n_head: 3, n_positions: 8, vocab_size: 9 };
    const scales = (changes: object) =>
      parseGpt2Config({ ...json, ...changes }, 'test').attention.map(({ scale }) => scale);
    expect(scales({})).toEqual([1 / 4, 1 / 4, 1 / 4]);
    expect(scales({ scale_attn_by_inverse_layer_idx: true })).toEqual([1 / 4, 1 / 8, 1 / 12]);
    expect(scales({ scale_attn_weights: false })).toEqual([1, 1, 1]);
  });

  it.each([
    [{ n_head: 5 }, '48 hidden values cannot be divided among 5 attention heads'],
    [{ activation_function: 'prelu' }, '"activation_function" is prelu; kn computes gelu'],
    [{ n_layer: 0 }, '"n_layer":'],
  ])('is refused: %o', async (changes, message) => {
    await expect(loadModel(await withConfig(GOLDEN_GPT2, changes))).rejects.toThrow(message);
  });
});

describeWith(GOLDEN_GPT_NEO, "a GPT-Neo's config.json", () => {
  it.each([1, 2, 3, 20])('decides the window of its local layers: %d tokens', async window_size => {
    const folder = await withConfig(GOLDEN_GPT_NEO, { window_size });
    const { model } = await loadModel(folder);
    const reference = await ReferenceDecoder.load(folder);
    const trace = model.trace(BATCHES['several lengths']);
    const zero = tf.zerosLike(trace.activations[0]);
    const found = model.probabilities(trace.resume(0, zero)).arraySync();
    BATCHES['several lengths'].tokens.forEach((tokens, i) => {
      const { probabilities } = reference.run(tokens, (layer, values) => layer === 0 && values.fill(0));
      expect(relativeError(found[i], probabilities)).toBeLessThan(TOLERANCE);
    });
    trace.dispose();
    model.dispose();
  });

  it('must name as many layers as there are', async () => {
    const folder = await withConfig(GOLDEN_GPT_NEO, { attention_types: [[['global', 'local'], 3]] });
    await expect(loadModel(folder)).rejects.toThrow(
      '"attention_types" names 6 layers, and "num_layers" is 4',
    );
  });
});
