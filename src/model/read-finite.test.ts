import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { readScores } from '../attribution/scores.js';
import { DEMO_MODEL } from '../embedded.js';
import { intervene } from '../intervention/intervene.js';
import { startEngine } from '../runtime/engine.js';
import { loadModel } from './load.js';
import { firstNotFinite, readFinite } from './read-finite.js';

beforeAll(async () => {
  await startEngine('wasm');
});

describe('values that leave the engine', () => {
  it('are read as they are where all are numbers, and the tensor is gone', async () => {
    const { numTensors } = tf.memory();
    expect([
      ...(await readFinite(
        tf.tensor2d([
          [0, -1],
          [3e38, 2 ** -149],
        ]),
        'a score',
      )),
    ]).toEqual([...Float32Array.of(0, -1, 3e38, 2 ** -149)]);
    await expect(readFinite(tf.tensor1d([1, Number.NaN]), 'a score')).rejects.toThrow(
      'a score came out as NaN',
    );
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it.each([
    [[], -1],
    [[1, 2, 3e38, -3e38], -1],
    [[1, Number.NaN], 1],
    [[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], 0],
    [[0, 1, Number.NEGATIVE_INFINITY], 2],
  ])('the first of %j that is no number is at %i', (values, place) => {
    expect(firstNotFinite(Float32Array.from(values))).toBe(place);
  });

  it('become no score', async () => {
    await expect(readScores(tf.tensor2d([[1, Number.NaN]]))).rejects.toThrow('a score came out as NaN');
  });

  it('become no probability where a factor makes finite weights overflow', async () => {
    const { model, tokenizer } = await loadModel(DEMO_MODEL);
    const prompt = tokenizer.encode('france is governed from [MASK].', model.maxTokens);
    const all = Array.from({ length: model.intermediateSize }, (_, index) => [0, index] as const);
    await expect(intervene(model, [prompt], all, [3e38])).rejects.toThrow('a probability came out as NaN');
    model.dispose();
  });
});
