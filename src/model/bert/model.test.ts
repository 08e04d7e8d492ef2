/**
 * The model with all its reuse against one with none: BERT in plain loops and doubles, every pass from the
 * embeddings. On the demo model float32 leaves 1e-6 of a probability; tolerances are ten times that.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../../embedded.js';
import { startEngine } from '../../runtime/engine.js';
import { relativeError } from '../../testing/finite-differences.js';
import { ReferenceBert } from '../../testing/reference-bert.js';
import { describeWith, GOLDEN_BERT } from '../../testing/shared.js';
import { type LoadedModel, loadModel } from '../load.js';

const TOLERANCE = 1e-5;
const PROMPTS = [
  'france is governed from [MASK].',
  '[MASK] is governed from france.',
  'on [MASK] piano plays peru.',
];

beforeAll(async () => {
  await startEngine('wasm');
});

for (const [name, folder] of [
  ['the demo model, 2 layers', DEMO_MODEL],
  ['the golden model, 4 layers', GOLDEN_BERT],
]) {
  describeWith(folder, `a BERT: ${name}`, () => {
    let loaded: LoadedModel;
    let reference: ReferenceBert;
    beforeAll(async () => {
      loaded = await loadModel(folder);
      reference = await ReferenceBert.load(folder);
    });

    const encode = (prompt: string) => loaded.tokenizer.encode(prompt, loaded.model.maxTokens);
    /** Prompts of one length, their masks at different places. */
    const batch = () => {
      const encoded = PROMPTS.map(encode).filter(
        ({ tokens }, _, all) => tokens.length === all[0].tokens.length,
      );
      expect(encoded.length).toBeGreaterThan(1);
      return {
        tokens: encoded.map(({ tokens }) => tokens),
        positions: encoded.map(({ position }) => position),
      };
    };

    it('predicts what the reference does, whatever the prompts beside it', () => {
      const prompts = batch();
      const trace = loaded.model.trace(prompts);
      const all = loaded.model.probabilities(trace.prediction).arraySync();
      prompts.tokens.forEach((tokens, i) => {
        const { probabilities } = reference.run(tokens, prompts.positions[i]);
        expect(relativeError(all[i], probabilities)).toBeLessThan(TOLERANCE);
      });
      trace.dispose();
    });

    it('traces the activations at the mask', () => {
      const prompts = batch();
      const trace = loaded.model.trace(prompts);
      prompts.tokens.forEach((tokens, i) => {
        const { activations } = reference.run(tokens, prompts.positions[i]);
        trace.activations.forEach((layer, index) => {
          expect(relativeError(layer.arraySync()[i], activations[index])).toBeLessThan(TOLERANCE);
        });
      });
      trace.dispose();
    });

    it('goes on from replaced activations in any layer as a whole pass with them does', () => {
      const prompts = batch();
      const steps = [0, 0.3, 1];
      const trace = loaded.model.trace(prompts);
      for (let layer = 0; layer < loaded.model.layers; layer++) {
        const resumed = tf.tidy(() => {
          const rows = trace.activations[layer]
            .arraySync()
            .flatMap(row => steps.map(step => row.map(a => a * step)));
          return loaded.model.probabilities(trace.resume(layer, tf.tensor2d(rows))).arraySync();
        });
        prompts.tokens.forEach((tokens, prompt) => {
          steps.forEach((step, i) => {
            const { probabilities } = reference.run(tokens, prompts.positions[prompt], (at, activations) => {
              if (at === layer) for (let n = 0; n < activations.length; n++) activations[n] *= step;
            });
            expect(relativeError(resumed[prompt * steps.length + i], probabilities)).toBeLessThan(TOLERANCE);
          });
        });
      }
      trace.dispose();
    });

    it('multiplies the activations of later layers by their factors on the way', () => {
      const prompts = batch();
      const width = loaded.model.intermediateSize;
      const factor = (layer: number, n: number) => ((n + layer) % 5 === 0 ? 2 : 1);
      const trace = loaded.model.trace(prompts);
      const changed = tf.tidy(() => {
        const rowOf = (layer: number) =>
          tf.tensor2d([Array.from({ length: width }, (_, n) => factor(layer, n))]);
        const factors = new Map([...trace.activations.keys()].map(layer => [layer, rowOf(layer)]));
        const first = tf.mul<tf.Tensor2D>(trace.activations[0], rowOf(0));
        return loaded.model.probabilities(trace.resume(0, first, factors)).arraySync();
      });
      prompts.tokens.forEach((tokens, prompt) => {
        const { probabilities } = reference.run(tokens, prompts.positions[prompt], (layer, activations) => {
          for (let n = 0; n < width; n++) activations[n] *= factor(layer, n);
        });
        expect(relativeError(changed[prompt], probabilities)).toBeLessThan(TOLERANCE);
      });
      trace.dispose();
    });
  });
}

describe('a loaded model', () => {
  it('leaves no tensor behind when it is disposed of', async () => {
    const before = tf.memory().numTensors;
    const { model } = await loadModel(DEMO_MODEL);
    expect(tf.memory().numTensors).toBeGreaterThan(before);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
