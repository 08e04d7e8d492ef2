/**
 * The models with all their reuse against ones with none: every family in plain loops and doubles, every pass from the
 * embeddings, at the golden models' shape and at another one, which needs no golden files. Weights are large, and float32 leaves some
 * 1e-5 of a probability.
 */
import { basename } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import type { EngineName } from '../../runtime/engine-names.js';
import { enginesHere } from '../../testing/engines.js';
import { relativeError } from '../../testing/finite-differences.js';
import { values } from '../../testing/layer-agreement.js';
import { RANDOM_DECODERS } from '../../testing/random-decoders/random-decoders.js';
import { withRandomDecoder } from '../../testing/random-decoders/write-random-decoder.js';
import type { Intervention, ReferencePass } from '../../testing/reference-bert.js';
import { ReferenceDecoder } from '../../testing/reference-decoder/reference-decoder.js';
import { describeWith, GOLDEN_DECODERS, GOLDEN_GPT_NEO, GOLDEN_GPT2 } from '../../testing/shared.js';
import { readModelConfig } from '../config.js';
import { type LanguageModel, type PromptBatch, SITES, type Site } from '../language-model.js';
import { loadWeights } from '../load.js';

const TOLERANCE = 5e-5;
/** Of central differences. */
const STEP = 1e-5;

/** Of 7 tokens, longer than any window, and shorter ones, down to one that sees itself alone. */
const PROMPTS = {
  'one length': [
    [11, 40, 7, 300, 55, 401, 9],
    [270, 3, 3, 64, 199, 12, 350],
  ],
  'several lengths': [[270, 3, 3], [77], [11, 40, 7, 300, 55, 401, 9]],
  'one token': [[77]],
} as const;

interface Subject {
  readonly model: LanguageModel;
  readonly reference: ReferenceDecoder;
}

async function open(folder: string): Promise<Subject> {
  const model = await loadWeights(folder, await readModelConfig(folder));
  return { model, reference: await ReferenceDecoder.load(folder) };
}

/** What references gave, by the model, the site, the tokens and what was changed: all engines are held against the same. */
const known = new Map<string, ReferencePass>();

function describeAgreement(title: string, engine: EngineName, openSubject: () => Promise<Subject>) {
  describe(`${title} on ${engine}`, () => {
    let model: LanguageModel;
    let reference: ReferenceDecoder;
    beforeAll(async () => {
      await startEngine(engine);
      ({ model, reference } = await openSubject());
    });
    afterAll(() => model.dispose());

    const batchOf = (kind: keyof typeof PROMPTS): PromptBatch => ({
      tokens: PROMPTS[kind].map(prompt => prompt.map(id => id % model.vocabularySize)),
      positions: PROMPTS[kind].map(({ length }) => length - 1),
    });

    function referencePass(
      tokens: readonly number[],
      site: Site,
      change = 'nothing',
      intervene?: Intervention,
    ): ReferencePass {
      const key = [title, site, tokens, change].join(' ');
      const pass = known.get(key) ?? reference.run(tokens, intervene, site);
      known.set(key, pass);
      return pass;
    }

    function expectLike(found: ArrayLike<number>, expected: ArrayLike<number>): void {
      expect(relativeError(found, expected)).toBeLessThan(TOLERANCE);
    }

    describe.each(SITES)('prompts, at the site %s,', site => {
      it.each(['one length', 'several lengths', 'one token'] as const)(
        'have the predictions and activations of the reference, whatever is beside them: of %s',
        kind => {
          const batch = batchOf(kind);
          const trace = model.trace(batch, site);
          const all = model.probabilities(trace.prediction).arraySync();
          batch.tokens.forEach((tokens, i) => {
            const { probabilities, activations } = referencePass(tokens, site);
            expectLike(all[i], probabilities);
            expect(trace.activations).toHaveLength(activations.length);
            trace.activations.forEach((layer, index) => {
              expectLike(layer.arraySync()[i], activations[index]);
            });
          });
          trace.dispose();
        },
      );

      it.each([
        ['one length', [0.4]],
        ['several lengths', [0, 1.5]],
      ] as const)(
        'go on from replaced activations in any layer as a whole pass with them does: of %s',
        (kind, steps) => {
          const batch = batchOf(kind);
          const trace = model.trace(batch, site);
          const scaled = trace.activations.map(layer =>
            tf.tensor2d(layer.arraySync().flatMap(row => steps.map(step => row.map(a => a * step)))),
          );
          const ofPrompts = batch.tokens.flatMap((_, prompt) => steps.map(() => prompt));
          const beginnings = scaled.map((activations, layer) => ({ layer, prompts: ofPrompts, activations }));
          const together = model.probabilities(trace.resumeTogether(beginnings)).arraySync();
          for (let layer = 0; layer < model.layers; layer++) {
            const apart = model.probabilities(trace.resume(layer, scaled[layer])).arraySync();
            ofPrompts.forEach((prompt, sample) => {
              const step = steps[sample % steps.length];
              const scale = onlyIn(layer, a => a * step);
              const change = `layer ${layer} times ${step}`;
              const { probabilities } = referencePass(batch.tokens[prompt], site, change, scale);
              expectLike(apart[sample], probabilities);
              expectLike(together[layer * ofPrompts.length + sample], probabilities);
            });
          }
          trace.dispose();
        },
      );

      it('have the activations of later layers multiplied by their factors on the way', () => {
        const { intermediateSize: width } = model;
        const factor = (layer: number, n: number) => ((n + layer) % 5 === 0 ? 2 : 1);
        const rowOf = (layer: number) =>
          tf.tensor2d([Array.from({ length: width }, (_, n) => factor(layer, n))]);
        const batch = batchOf('several lengths');
        const trace = model.trace(batch, site);
        const factors = new Map([...trace.activations.keys()].map(layer => [layer, rowOf(layer)]));
        const first = tf.mul<tf.Tensor2D>(trace.activations[0], rowOf(0));
        const changed = model.probabilities(trace.resume(0, first, factors)).arraySync();
        const multiply: Intervention = (layer, activations) => {
          for (let n = 0; n < width; n++) activations[n] *= factor(layer, n);
        };
        batch.tokens.forEach((tokens, prompt) => {
          expectLike(changed[prompt], referencePass(tokens, site, 'factors', multiply).probabilities);
        });
        trace.dispose();
      });

      it("have gradients that are the reference's differences, along some direction", () => {
        const batch = batchOf('several lengths');
        const trace = model.trace(batch, site);
        const answers = batch.tokens.map((_, prompt) => 5 + prompt);
        const direction = values(model.intermediateSize, 7);
        const [found, expected]: number[][] = [[], []];
        for (let layer = 0; layer < model.layers; layer++) {
          const pass = tf.valueAndGrad((a: tf.Tensor2D) =>
            model.answerProbability(trace.resume(layer, a), answers),
          );
          const { value, grad } = pass(trace.activations[layer], tf.ones([answers.length, 1]));
          const [probabilities, slopes] = [value.dataSync(), grad.arraySync()];
          batch.tokens.forEach((tokens, prompt) => {
            const along = slopes[prompt].reduce((sum, slope, n) => sum + slope * direction[n], 0);
            found.push(along / probabilities[prompt]);
            const logarithm = (by: number) => {
              const shift = onlyIn(layer, (a, n) => a + by * direction[n]);
              const pass = referencePass(tokens, site, `layer ${layer} plus ${by}`, shift);
              return Math.log(pass.probabilities[answers[prompt]]);
            };
            expected.push((logarithm(STEP) - logarithm(-STEP)) / (2 * STEP));
          });
        }
        expectLike(found, expected);
        trace.dispose();
      });
    });

    it('predict at the last position alone', () => {
      expect(() => model.trace({ tokens: [[1, 2, 3]], positions: [1] })).toThrow(RangeError);
    });

    it('have the values of neurons replaced, and get every bit back', async () => {
      const all = Array.from({ length: model.intermediateSize }, (_, i) => i);
      const before = await model.readValues(2, all);
      const tensors = tf.memory().numTensors;
      await model.writeValues(2, new Map([[3, new Float32Array(model.hiddenSize).fill(1)]]));
      const changed = await model.readValues(2, all);
      expect(changed[3]).toEqual(new Float32Array(model.hiddenSize).fill(1));
      expect(changed.filter((_, i) => i !== 3)).toEqual(before.filter((_, i) => i !== 3));
      await model.writeValues(2, new Map([[3, before[3]]]));
      expect(await model.readValues(2, all)).toEqual(before);
      expect(tf.memory().numTensors).toBe(tensors);
    });
  });
}

/** Changes the activations of one layer. */
function onlyIn(layer: number, change: (activation: number, neuron: number) => number): Intervention {
  return (at, activations) => {
    if (at === layer) activations.set(activations.map(change));
  };
}

const engines = (await enginesHere()).filter(engine => engine !== 'webgpu');
for (const engine of engines) {
  for (const folder of [GOLDEN_GPT2, GOLDEN_GPT_NEO, ...GOLDEN_DECODERS])
    describeWith(folder, 'golden models', () => {
      describeAgreement(basename(folder), engine, () => open(folder));
    });
  for (const [name, decoder] of Object.entries(RANDOM_DECODERS))
    describeAgreement(name, engine, () => withRandomDecoder(decoder, open));
}
