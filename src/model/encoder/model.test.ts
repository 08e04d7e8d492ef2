/**
 * The model with all its reuse against one with none: BERT and its kin in plain loops and doubles, every pass from the
 * embeddings. On the demo model float32 leaves 1e-6 of a probability; tolerances are ten times that.
 */
import { basename } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../../embedded.js';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { relativeError } from '../../testing/finite-differences.js';
import { ReferenceBert } from '../../testing/reference-bert.js';
import { describeWith, GOLDEN_ENCODERS } from '../../testing/shared.js';
import { gatherRows } from '../layers/gather-rows.js';
import { type LoadedModel, loadModel } from '../load.js';

const TOLERANCE = 1e-5;
const PROMPTS = [
  'france is governed from [MASK].',
  '[MASK] is governed from france.',
  'on [MASK] piano plays peru.',
  'paris, [MASK].',
];

const isMatrix = (x: tf.Tensor): x is tf.Tensor2D => x.rank === 2;

const engines = (await enginesHere()).filter(engine => engine !== 'webgpu');
for (const [engine, [name, folder]] of engines.flatMap(engine =>
  [
    ['the demo model, 2 layers', DEMO_MODEL],
    ...GOLDEN_ENCODERS.map(golden => [`${basename(golden)}, 4 layers`, golden]),
  ].map(model => [engine, model] as const),
)) {
  describeWith(folder, `a masked model on ${engine}: ${name}`, () => {
    let loaded: LoadedModel;
    let reference: ReferenceBert;
    beforeAll(async () => {
      await startEngine(engine);
      loaded = await loadModel(folder);
      reference = await ReferenceBert.load(folder);
    });

    const encode = (prompt: string) => loaded.tokenizer.encode(prompt, loaded.model.maxTokens);
    /** Prompts of several lengths, their masks at different places. */
    const batch = () => {
      const encoded = PROMPTS.map(encode);
      expect(new Set(encoded.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(1);
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

    it('does many passes at once as each alone, in values and gradients', () => {
      const prompts = batch();
      const [first, second] = [0, prompts.tokens.length - 1];
      const last = loaded.model.layers - 1;
      const asked = [
        { layer: 0, passes: [second, second] },
        ...(last > 1 ? [{ layer: 1, passes: [first, second] }] : []),
        { layer: last, passes: [first] },
      ];
      const trace = loaded.model.trace(prompts);
      const answers = asked.flatMap(({ passes }) => passes.map(() => 1));
      const begin = ({ layer, passes }: (typeof asked)[number]) =>
        tf.mul<tf.Tensor2D>(gatherRows(trace.activations[layer], passes), 0.4);
      const inputs = asked.map(begin);
      const { value, grads } = tf.valueAndGrads((...inputs: tf.Tensor[]) => {
        const matrices = inputs.filter(isMatrix);
        const beginnings = asked.map(({ layer, passes }, i) => ({
          layer,
          prompts: passes,
          activations: matrices[i],
        }));
        return loaded.model.answerProbability(trace.resumeTogether(beginnings), answers);
      })(inputs);
      let row = 0;
      asked.forEach(({ layer, passes }, i) => {
        passes.forEach((prompt, pass) => {
          const alone = loaded.model.trace({
            tokens: [prompts.tokens[prompt]],
            positions: [prompts.positions[prompt]],
          });
          const { value: own, grad } = tf.valueAndGrad((x: tf.Tensor2D) =>
            loaded.model.answerProbability(alone.resume(layer, x), [1]),
          )(tf.slice(inputs[i], [pass, 0], [1, -1]), tf.ones([1, 1]));
          expect(relativeError(value.dataSync().slice(row, ++row), own.dataSync())).toBeLessThan(TOLERANCE);
          const ofPass = tf.slice(grads[i], [pass, 0], [1, -1]);
          expect(relativeError(ofPass.dataSync(), grad.dataSync())).toBeLessThan(TOLERANCE);
          alone.dispose();
        });
      });
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
  beforeAll(async () => {
    await startEngine('wasm');
  });

  it('leaves no tensor behind when it is disposed of', async () => {
    const before = tf.memory().numTensors;
    const { model } = await loadModel(DEMO_MODEL);
    expect(tf.memory().numTensors).toBeGreaterThan(before);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
