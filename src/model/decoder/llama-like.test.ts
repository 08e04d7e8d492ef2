/** Models with rotary positions, gated networks and shared heads: what the golden files do not ask. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { attribute } from '../../attribution/attribute.js';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { relativeError } from '../../testing/finite-differences.js';
import { describeWith, GOLDEN_DECODERS } from '../../testing/shared.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { readModelConfig } from '../config.js';
import { SITES } from '../language-model.js';
import { type LoadedModel, loadModel } from '../load.js';

/** Weights are large (initializer_range 0.25), and float32 leaves some 1e-5 of a score. */
const TOLERANCE = 1e-4;

const batchOf = (tokens: readonly (readonly number[])[]) => ({
  tokens,
  positions: tokens.map(({ length }) => length - 1),
});

/** Of several lengths, longer than Mistral's window of 5 and down to one token. */
const BATCH = batchOf([[270, 3, 3], [11, 40, 7, 300, 55, 401, 9, 88, 130], [77], [64, 199, 12]]);
const ANSWERS = BATCH.tokens.map((_, prompt) => 5 + prompt);

const engines = (await enginesHere()).filter(engine => engine !== 'webgpu');
for (const { engine, folder } of engines.flatMap(engine =>
  GOLDEN_DECODERS.map(folder => ({ engine, folder })),
)) {
  describeWith(folder, `${basename(folder)} on ${engine}`, () => {
    let loaded: LoadedModel;
    beforeAll(async () => {
      await startEngine(engine);
      loaded = await loadModel(folder);
    });

    it.each(SITES)('scores prompts that share a batch as it does each alone: %s', async site => {
      const options = { rule: 'riemann_endpoints', steps: 4, site } as const;
      const all = await attribute(loaded.model, BATCH, ANSWERS, options);
      for (const [i, tokens] of BATCH.tokens.entries()) {
        const [alone] = await attribute(loaded.model, batchOf([tokens]), [ANSWERS[i]], options);
        alone.forEach((row, layer) => {
          expect(relativeError(all[i][layer], row)).toBeLessThan(TOLERANCE);
        });
      }
    });

    it.each(SITES)('goes on from its own activations to what the traced pass predicts: %s', site => {
      const trace = loaded.model.trace(BATCH, site);
      const expected = loaded.model.probabilities(trace.prediction).arraySync();
      trace.activations.forEach((activations, layer) => {
        const resumed = trace.resume(layer, activations);
        const found = loaded.model.probabilities(resumed).arraySync();
        found.forEach((row, prompt) => {
          expect(relativeError(row, expected[prompt])).toBeLessThan(TOLERANCE);
        });
      });
      trace.dispose();
    });

    it('leaves no tensor behind over many prompts, nor when it is disposed of', async () => {
      const empty = tf.memory().numTensors;
      const { model } = await loadModel(folder);
      const run = () => attribute(model, BATCH, ANSWERS, { rule: 'riemann_left', steps: 3, site: 'pre' });
      await run();
      const before = tf.memory().numTensors;
      for (let fact = 0; fact < 5; fact++) await run();
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
      expect(tf.memory().numTensors).toBe(empty);
    });
  });
}

const [LLAMA] = GOLDEN_DECODERS;
describeWith(LLAMA, "a Llama's config.json", () => {
  async function changed(changes: object): Promise<string> {
    const folder = temporaryFolder();
    await cp(LLAMA, folder, { recursive: true });
    const path = join(folder, 'config.json');
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...changes }));
    return folder;
  }

  it.each([
    [{ num_key_value_heads: 3 }, '4 attention heads cannot share 3 heads of keys and values'],
    [
      { layer_types: Array(4).fill('chunked_attention') },
      '"layer_types" has "chunked_attention" for layer 0',
    ],
    [
      { layer_types: Array(4).fill('sliding_attention'), sliding_window: 7 },
      'kn computes "full_attention" there',
    ],
    [
      { model_type: 'mistral', sliding_window: 7, layer_types: Array(4).fill('full_attention') },
      '"sliding_attention" there',
    ],
    [{ rope_parameters: { partial_rotary_factor: 0.5 } }, '"partial_rotary_factor" is not 1'],
    [{ rope_parameters: { rope_type: 'yarn' } }, '"rope_parameters" is of the type "yarn"'],
    [{ hidden_act: 'prelu' }, '"hidden_act" is prelu'],
    [{ quantization_config: { bits: 4 } }, '"quantization_config"'],
  ])('is refused: %o', async (changes, message) => {
    await expect(readModelConfig(await changed(changes))).rejects.toThrow(message);
  });

  it.each([
    [{ sliding_window: 7 }, [null, null, null, null]],
    [{ model_type: 'mistral', sliding_window: 7 }, [7, 7, 7, 7]],
    [{ model_type: 'mistral', sliding_window: null }, [null, null, null, null]],
    // MistralConfig's own default, in transformers 5.18.
    [{ model_type: 'mistral' }, [4096, 4096, 4096, 4096]],
    [{ model_type: 'qwen2', sliding_window: 7, max_window_layers: 2 }, [null, null, null, null]],
    [
      { model_type: 'qwen2', use_sliding_window: true, sliding_window: 7, max_window_layers: 2 },
      [null, null, 7, 7],
    ],
    [
      {
        model_type: 'qwen2',
        use_sliding_window: true,
        sliding_window: 7,
        layer_types: ['sliding_attention', 'full_attention', 'full_attention', 'full_attention'],
      },
      [7, null, null, null],
    ],
  ])('says which layers see a window: %o', async (changes, expected) => {
    const config = await readModelConfig(await changed(changes));
    expect('attention' in config && config.attention.map(({ window }) => window)).toEqual(expected);
  });
});
