/** Masked models of every family at another shape than the golden files', against doubles without reuse. Needs no golden files. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { relativeError } from '../../testing/finite-differences.js';
import { withRandomDecoder } from '../../testing/random-decoders/write-random-decoder.js';
import { RANDOM_ENCODERS } from '../../testing/random-encoders.js';
import { ReferenceBert } from '../../testing/reference-bert.js';
import { readModelConfig } from '../config.js';
import type { LanguageModel } from '../language-model.js';
import { loadWeights } from '../load.js';

/** Weights are large, and float32 leaves some 1e-6 of a probability. */
const TOLERANCE = 1e-5;

/** Of several lengths, their masks at the start, at the end, between, and alone; RoBERTa's padding token is not among them. */
const TOKENS = [[11, 4, 7, 30, 5, 36, 9, 8], [4, 17, 3], [27, 3, 3, 6, 4], [4]];
const POSITIONS = TOKENS.map(tokens => tokens.indexOf(4));
const BATCH = { tokens: TOKENS, positions: POSITIONS };

const engines = (await enginesHere()).filter(engine => engine !== 'webgpu');
const asked = engines.flatMap(engine => Object.entries(RANDOM_ENCODERS).map(entry => ({ engine, entry })));
describe.each(asked)('a random masked model: $entry.0, on $engine', ({ engine, entry: [, encoder] }) => {
  let model: LanguageModel;
  let reference: ReferenceBert;
  beforeAll(async () => {
    await startEngine(engine);
    [model, reference] = await withRandomDecoder(
      encoder,
      async folder =>
        [await loadWeights(folder, await readModelConfig(folder)), await ReferenceBert.load(folder)] as const,
    );
  });
  afterAll(() => model.dispose());

  it('predicts what the reference does, and has its activations, whatever the prompts beside it', () => {
    const trace = model.trace(BATCH);
    const all = model.probabilities(trace.prediction).arraySync();
    TOKENS.forEach((tokens, i) => {
      const { probabilities, activations } = reference.run(tokens, POSITIONS[i]);
      expect(relativeError(all[i], probabilities)).toBeLessThan(TOLERANCE);
      trace.activations.forEach((layer, index) => {
        expect(relativeError(layer.arraySync()[i], activations[index])).toBeLessThan(TOLERANCE);
      });
    });
    trace.dispose();
  });

  it('goes on from replaced activations in any layer as a whole pass with them does', () => {
    const trace = model.trace(BATCH);
    for (let layer = 0; layer < model.layers; layer++) {
      const changed = tf.mul<tf.Tensor2D>(trace.activations[layer], 0.3);
      const resumed = model.probabilities(trace.resume(layer, changed)).arraySync();
      TOKENS.forEach((tokens, i) => {
        const { probabilities } = reference.run(tokens, POSITIONS[i], (at, activations) => {
          if (at === layer) activations.set(activations.map(a => 0.3 * a));
        });
        expect(relativeError(resumed[i], probabilities)).toBeLessThan(TOLERANCE);
      });
    }
    trace.dispose();
  });
});
