import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset/dataset.js';
import { DEMO_DATA, DEMO_MODEL } from '../../embedded.js';
import { type LoadedModel, loadModel } from '../../model/load.js';
import { promptBatches } from '../../model/prompt-batches.js';
import { startEngine } from '../../runtime/engine.js';
import { productsThatRun } from '../../testing/products-that-run.js';
import { askFact, FACT_TASK, type FactTask, runFactTask } from './task.js';

const BATCHES = { batchBytes: 1e8 };

let demo: LoadedModel;
let task: FactTask;

beforeAll(async () => {
  await startEngine('wasm');
  demo = await loadModel(DEMO_MODEL);
  const dataset = await openDataset(DEMO_DATA, { relations: ['P36', 'P30'], limit: 1 });
  const [fact, unrelated] = dataset.facts.map(fact => ({
    object: fact.object,
    prompts: dataset.withPrompts(fact).prompts,
  }));
  task = {
    uuid: dataset.facts[0].uuid,
    fact,
    site: 'post',
    continuation: 'answer',
    neurons: {
      rule: 'riemann_endpoints',
      steps: 3,
      threshold: { kind: 'adaptive', value: 0.3 },
      share: 0.3,
    },
    negatives: [],
    interventions: { suppress: true, enhance: 2, unrelated, baseline: null },
  };
});

const inWorker = (asked: FactTask, batchBytes = BATCHES.batchBytes) =>
  FACT_TASK.run(demo, [asked], { ...BATCHES, batchBytes });

describe('the work on a fact', () => {
  it('traces its prompts once, for finding its neurons and for changing them', async () => {
    const tracedTwice = await productsThatRun(() => runFactTask(demo.model, demo.tokenizer, task, BATCHES));
    const tracedOnce = await productsThatRun(() => inWorker(task));
    const prompts = (await askFact(demo.model, demo.tokenizer, task.fact, 'answer')).flat();
    const ofTraces = await productsThatRun(async () => {
      for (const { batch } of promptBatches(demo.model, prompts)) demo.model.trace(batch).dispose();
    });
    expect(tracedTwice - tracedOnce).toBe(ofTraces);
  });

  it('gives the same bits with traces kept and without room for them', async () => {
    const [kept] = await inWorker(task);
    expect(kept).toEqual(await runFactTask(demo.model, demo.tokenizer, task, BATCHES));
    expect(await inWorker(task, 1e5)).toEqual([kept]);
  });

  it('measures other neurons on the same prompts as if they were its own', async () => {
    const own: [number, number][] = [[0, 3]];
    const other: [number, number][] = [
      [1, 2],
      [1, 7],
    ];
    const withBaseline = (neurons: [number, number][], baseline: [number, number][]): FactTask => ({
      ...task,
      neurons,
      interventions: task.interventions && { ...task.interventions, baseline },
    });
    const one = await runFactTask(demo.model, demo.tokenizer, withBaseline(own, other), BATCHES);
    const swapped = await runFactTask(demo.model, demo.tokenizer, withBaseline(other, own), BATCHES);
    for (const [effects, others] of [
      [one.suppression, swapped.suppression],
      [one.enhancement, swapped.enhancement],
    ]) {
      expect(effects?.baseline).toEqual(others?.related);
      expect(effects?.related).toEqual(others?.baseline);
      expect(effects?.related).not.toEqual(effects?.baseline);
    }
  });

  it('leaves no tensor behind, where nothing is changed either', async () => {
    const { numTensors } = tf.memory();
    await inWorker(task);
    await inWorker({ ...task, interventions: null });
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
