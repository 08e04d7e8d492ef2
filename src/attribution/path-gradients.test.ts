/** Gradients at any points of any layers' paths, against models without any reuse, and against themselves in other company. */
import { basename } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { SITES, type Site } from '../model/language-model.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import { startEngine } from '../runtime/engine.js';
import { gradientOf, relativeError } from '../testing/finite-differences.js';
import { ReferenceBert } from '../testing/reference-bert.js';
import { ReferenceDecoder } from '../testing/reference-decoder/reference-decoder.js';
import { describeWith, GOLDEN_BERT, GOLDEN_GPT_NEO, GOLDEN_GPT2 } from '../testing/shared.js';
import { gradientsAlongPaths, type PathPoint } from './path-gradients.js';

beforeAll(async () => {
  await startEngine('wasm');
});

/** P of an answer, with one layer's activations at the position changed in place. */
type ReferenceProbability = (
  prompt: number,
  layer: number,
  change: (activations: Float64Array) => void,
) => number;

interface Case {
  readonly loaded: LoadedModel;
  readonly batch: { readonly tokens: number[][]; readonly positions: number[] };
  readonly answers: number[];
  readonly reference: ReferenceProbability;
}

async function bert(folder: string): Promise<Case> {
  const loaded = await loadModel(folder);
  const batch = {
    tokens: [
      [2, 7, 11, 4, 9, 3],
      [2, 8, 4, 12, 9, 3],
      [2, 4, 10, 13, 5, 3],
    ],
    positions: [3, 2, 1],
  };
  const answers = [15, 16, 17];
  const model = await ReferenceBert.load(folder);
  const reference: ReferenceProbability = (prompt, layer, change) =>
    model.run(batch.tokens[prompt], batch.positions[prompt], (at, values) => {
      if (at === layer) change(values);
    }).probabilities[answers[prompt]];
  return { loaded, batch, answers, reference };
}

async function gpt(folder: string): Promise<Case> {
  const loaded = await loadModel(folder);
  const tokens = [
    [11, 40, 7, 300, 55, 421],
    [270, 3, 3, 64, 199, 12],
    [9, 88, 130, 350, 401, 2],
  ];
  const answers = [5, 6, 7];
  const model = await ReferenceDecoder.load(folder);
  const reference: ReferenceProbability = (prompt, layer, change) =>
    model.run(tokens[prompt], (at, values) => {
      if (at === layer) change(values);
    }).probabilities[answers[prompt]];
  return { loaded, batch: { tokens, positions: [5, 5, 5] }, answers, reference };
}

/** Of the three prompts 3, 0 and 1 points in the first layer, and in the others as ragged; in no order. */
function raggedPoints(layers: number): PathPoint[] {
  const last = layers - 1;
  return [
    { layer: last, prompt: 2, alpha: 0.25 },
    { layer: 0, prompt: 0, alpha: 0.7 },
    { layer: 0, prompt: 2, alpha: 0.4 },
    { layer: 0, prompt: 0, alpha: 0 },
    { layer: 1, prompt: 1, alpha: 0.5 },
    { layer: last, prompt: 0, alpha: 0.9 },
    { layer: 0, prompt: 0, alpha: 0.2 },
    { layer: 1, prompt: 1, alpha: 0.1 },
  ];
}

/** As many of every prompt. */
const evenPoints = (layers: number): PathPoint[] =>
  [0, 1, 2].flatMap(prompt =>
    Array.from({ length: layers }, (_, layer) => [0, 0.6].map(alpha => ({ layer, prompt, alpha }))).flat(),
  );

for (const [name, open, folder, tolerance] of [
  ['the demo model', bert, DEMO_MODEL, 1e-5],
  [basename(GOLDEN_BERT), bert, GOLDEN_BERT, 5e-5],
  [basename(GOLDEN_GPT2), gpt, GOLDEN_GPT2, 1e-4],
  [basename(GOLDEN_GPT_NEO), gpt, GOLDEN_GPT_NEO, 1e-4],
] as const) {
  describeWith(folder, `gradients along paths of ${name}`, () => {
    let all: Case;
    beforeAll(async () => {
      all = await open(folder);
    });
    const ask = (points: readonly PathPoint[], whole = false, options = {}) =>
      gradientsAlongPaths(all.loaded.model, all.batch, all.answers, { points, whole }, options);

    it.each([
      ['as ragged as may be', raggedPoints],
      ['as many of every prompt', evenPoints],
    ])('are those of a model without reuse, each where it was asked: %s', async (_, pointsOf) => {
      const points = pointsOf(all.loaded.model.layers);
      const found = await ask(points, true);
      points.forEach(({ layer, prompt, alpha }, i) => {
        expectAgreement(found.points[i].probability, found.points[i].gradient, layer, prompt, alpha);
      });
      [0].forEach(prompt => {
        const whole = found.whole?.[prompt];
        whole?.gradients.forEach((gradient, layer) => {
          expectAgreement(whole.probability, gradient, layer, prompt, 1);
        });
        expect(whole?.gradients).toHaveLength(all.loaded.model.layers);
      });
    });

    function expectAgreement(
      probability: number,
      gradient: Float32Array,
      layer: number,
      prompt: number,
      alpha: number,
    ): void {
      let activations = new Float64Array();
      const expected = all.reference(prompt, layer, values => {
        activations = Float64Array.from(values);
        for (let n = 0; n < values.length; n++) values[n] *= alpha;
      });
      expect(Math.abs(probability / expected - 1)).toBeLessThan(tolerance);
      // The neurons that matter most.
      const sample = [...gradient.keys()]
        .sort((a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a]))
        .slice(0, 2);
      const at = activations.map(a => alpha * a);
      const slopes = gradientOf(x => all.reference(prompt, layer, values => values.set(x)), at, sample);
      expect(
        relativeError(
          sample.map(n => gradient[n]),
          sample.map((n, i) => activations[n] * slopes[i]),
        ),
      ).toBeLessThan(tolerance);
    }

    it.each(SITES)(
      'do not depend on what goes through the model beside them, to the last bit: %s',
      async (site: Site) => {
        const { layers } = all.loaded.model;
        const points = [...raggedPoints(layers), ...evenPoints(layers)];
        const together = await ask(points, true, { site });
        for (const [i, point] of points.entries()) {
          const alone = await ask([point], false, { site });
          expect(alone.points).toEqual([together.points[i]]);
          expect(alone.whole).toBeUndefined();
        }
        const whole = await ask([], true, { site });
        expect(whole.whole).toEqual(together.whole);
        for (const samplesAtOnce of [1, 2, 5])
          expect(await ask(points, true, { site, samplesAtOnce })).toEqual(together);
      },
    );

    it('tell of traces and of points done, and leave no tensor behind', async () => {
      const { model } = all.loaded;
      const points = evenPoints(model.layers);
      const tensors = tf.memory().numTensors;
      const traced: number[] = [];
      const done: number[] = [];
      await gradientsAlongPaths(
        model,
        all.batch,
        all.answers,
        { points, whole: true },
        { samplesAtOnce: 2 },
        async ({ prompts }, first) => {
          traced.push(first, prompts);
        },
        count => done.push(count),
      );
      expect(traced).toEqual([0, 2, 2, 1]);
      expect(done.reduce((a, b) => a + b)).toBe(points.length);
      expect(tf.memory().numTensors).toBe(tensors);
    });
  });
}

describe('gradients along paths', () => {
  it('are refused where a value is not finite, and leave no tensor behind', async () => {
    const { model } = await loadModel(DEMO_MODEL);
    const values = new Float32Array(model.hiddenSize).fill(3e38);
    await model.writeValues(0, new Map([[0, values]]));
    const tensors = tf.memory().numTensors;
    const batch = { tokens: [[2, 7, 11, 4, 9, 3]], positions: [3] };
    const points = [{ layer: 0, prompt: 0, alpha: 0.5 }];
    await expect(gradientsAlongPaths(model, batch, [5], { points, whole: true }, {})).rejects.toThrow(
      'came out as',
    );
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
