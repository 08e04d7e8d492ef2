import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { startEngine } from '../runtime/engine.js';
import { productsThatRun } from '../testing/products-that-run.js';
import { KeptTraces } from './kept-traces.js';
import type { PromptBatch, Site, Trace } from './language-model.js';
import { type LoadedModel, loadModel } from './load.js';

let demo: LoadedModel;
let batch: PromptBatch;
let other: PromptBatch;

beforeAll(async () => {
  await startEngine('wasm');
  demo = await loadModel(DEMO_MODEL);
  const asBatch = (...prompts: string[]): PromptBatch => {
    const encoded = prompts.map(prompt => demo.tokenizer.encode(prompt, demo.model.maxTokens));
    return {
      tokens: encoded.map(({ tokens }) => tokens),
      positions: encoded.map(({ position }) => position),
    };
  };
  batch = asBatch('france is governed from [MASK].', 'italy is governed from [MASK].');
  other = asBatch('france is governed from [MASK].');
});

const keep = (mostBytes = 1e9) => new KeptTraces(demo.model, mostBytes);
const tracedFor = (trace: () => Trace) => productsThatRun(async () => trace().dispose());
const predicted = (trace: Trace) => trace.prediction.dataSync();

describe('a trace that is kept', () => {
  it('is taken without computing anything, and is what a new one would be', async () => {
    const traces = keep();
    const used = traces.keeping().trace(batch);
    const values = predicted(used);
    used.dispose();
    let taken: Trace | undefined;
    expect(
      await productsThatRun(async () => {
        taken = traces.take(batch);
      }),
    ).toBe(0);
    const fresh = demo.model.trace(batch);
    expect(taken && predicted(taken)).toEqual(values);
    expect(predicted(fresh)).toEqual(values);
    expect(taken?.resume(0, taken.activations[0]).dataSync()).toEqual(
      fresh.resume(0, fresh.activations[0]).dataSync(),
    );
    traces.dispose();
  });

  it('serves whoever traces the same batch again', async () => {
    const traces = keep();
    const model = traces.keeping();
    expect(await tracedFor(() => model.trace(batch))).toBeGreaterThan(0);
    expect(await tracedFor(() => model.trace(batch, 'post'))).toBe(0);
    traces.dispose();
  });

  it('is of its own prompts and site alone, and is taken once', async () => {
    const traces = keep();
    traces.keeping().trace(batch).dispose();
    const asked: [PromptBatch, Site][] = [
      [other, 'post'],
      [batch, 'pre'],
    ];
    for (const [of, site] of asked) expect(await tracedFor(() => traces.take(of, site))).toBeGreaterThan(0);
    expect(await tracedFor(() => traces.take(batch))).toBe(0);
    expect(await tracedFor(() => traces.take(batch))).toBeGreaterThan(0);
    traces.dispose();
  });

  it('is let go by whoever used it where there is no room for it', () => {
    const { numTensors } = tf.memory();
    const traces = keep(1);
    const used = traces.keeping().trace(batch);
    expect(tf.memory().numTensors).toBeGreaterThan(numTensors);
    used.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('leaves no tensor behind, taken or not', () => {
    const { numTensors } = tf.memory();
    const traces = keep();
    const model = traces.keeping();
    for (const one of [batch, other, batch]) model.trace(one).dispose();
    traces.take(batch).dispose();
    traces.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('comes from a model that is the same otherwise', async () => {
    const model = keep().keeping();
    expect(model.vocabularySize).toBe(demo.model.vocabularySize);
    expect(await model.wordEmbeddings([5])).toEqual(await demo.model.wordEmbeddings([5]));
  });
});
