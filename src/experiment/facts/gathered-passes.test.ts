/** Facts side by side on the demo model: the same records as one by one, in fewer and larger batches. */
import { setTimeout } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AttributeOptions } from '../../attribution/score-prompts.js';
import { undecidedScores } from '../../attribution/undecided.js';
import { type Dataset, openDataset } from '../../dataset/dataset.js';
import { DEMO_DATA, DEMO_MODEL } from '../../embedded.js';
import { type LoadedModel, loadModel } from '../../model/load.js';
import { startEngine } from '../../runtime/engine.js';
import { gather, type Passes, passesOn } from '../run/gathered-passes.js';
import type { FactRecord, InterventionEffects } from './record.js';
import { askFact, type FactTask, runFactTask } from './task.js';

const BATCHES = { batchBytes: 1e8 };
const FINDING = {
  rule: 'riemann_endpoints',
  steps: 5,
  threshold: { kind: 'adaptive', value: 0.3 },
  share: 0.3,
} as const;

let demo: LoadedModel;
let dataset: Dataset;
let tasks: FactTask[];

beforeAll(async () => {
  await startEngine('wasm');
  demo = await loadModel(DEMO_MODEL);
  dataset = await openDataset(DEMO_DATA, { relations: ['P36', 'P30'], limit: 4 });
  const asked = dataset.facts.map(fact => ({
    object: fact.object,
    prompts: dataset.withPrompts(fact).prompts,
  }));
  tasks = dataset.facts.map(({ uuid }, i) => ({
    uuid,
    fact: asked[i],
    site: 'post',
    continuation: 'answer',
    // All kinds of work beside each other: given neurons, negative prompts, a baseline, no interventions.
    neurons:
      i === 1
        ? [
            [0, 3],
            [1, 7],
          ]
        : FINDING,
    negatives: i === 2 ? asked[3].prompts.slice(0, 2) : [],
    interventions:
      i === 4
        ? null
        : {
            suppress: true,
            enhance: i === 5 ? null : 2,
            unrelated: asked[7 - i],
            baseline: i === 6 ? [[1, 2]] : null,
          },
  }));
});

/** Passes that note how many prompts each call has. */
function counted(): { passes: Passes; scored: number[]; predicted: number[] } {
  const { score, predict } = passesOn(demo.model, BATCHES.batchBytes);
  const [scored, predicted]: number[][] = [[], []];
  const passes: Passes = {
    score(prompts, options, undecided) {
      scored.push(prompts.length);
      return score(prompts, options, undecided);
    },
    predict(asked, site) {
      predicted.push(asked.length);
      return predict(asked, site);
    },
  };
  return { passes, scored, predicted };
}

const run = (task: FactTask, passes?: Passes) =>
  runFactTask(demo.model, demo.tokenizer, task, BATCHES, passes);

describe('facts side by side', () => {
  it('have the records that they have one by one, probabilities to 1e-6', async () => {
    const alone: FactRecord[] = [];
    for (const task of tasks) alone.push(await run(task));
    const together = await gather(
      passesOn(demo.model, BATCHES.batchBytes),
      tasks.map(task => passes => run(task, passes)),
    );
    const numbers = (record: FactRecord) =>
      [record.suppression, record.enhancement].flatMap(effects => (effects ? probabilities(effects) : []));
    together.forEach((record, i) => {
      expect(record.neurons).toEqual(alone[i].neurons);
      const expected = numbers(alone[i]);
      const found = numbers(record);
      expect(found.length).toBe(expected.length);
      // Rows of larger products may be summed in another order.
      found.forEach((p, at) => {
        expect(Math.abs(p / expected[at] - 1)).toBeLessThan(1e-6);
      });
    });
    expect(together.map(({ uuid }) => uuid)).toEqual(tasks.map(({ uuid }) => uuid));
  });

  it('ask the model once for what all of them ask', async () => {
    const { passes, scored, predicted } = counted();
    const same = tasks.filter((_, i) => [0, 3, 7].includes(i));
    await gather(
      passes,
      same.map(task => passes => run(task, passes)),
    );
    const prompts = same.reduce((sum, { fact }) => sum + fact.prompts.length, 0);
    const unrelated = same.reduce(
      (sum, task) => sum + (task.interventions?.unrelated.prompts.length ?? 0),
      0,
    );
    expect(scored.filter(count => count > 0)).toEqual([prompts]);
    expect(predicted).toEqual([prompts, unrelated]);
  });

  it('share a batch where they ask alike alone', async () => {
    const { passes, scored } = counted();
    const [queries] = await askFact(demo.model, demo.tokenizer, tasks[0].fact, 'answer');
    const few = { rule: 'riemann_left', steps: 1 } as const;
    const ask = (options: AttributeOptions) => (passes: Passes) =>
      passes.score([queries], options, undecidedScores);
    const found = await gather(passes, [ask(FINDING), ask(few), ask(FINDING)]);
    expect(scored).toEqual([2, 1]);
    expect(found[1]).toEqual(
      await passesOn(demo.model, BATCHES.batchBytes).score([queries], few, undecidedScores),
    );
    expect(found[1]).not.toEqual(found[0]);
  });

  it('do not wait for one that is done, or that waits for something else', async () => {
    const { passes } = counted();
    const results = await gather(passes, [
      async () => 'at once',
      async passes => {
        await setTimeout(20);
        await passes.predict([]);
        return 'late';
      },
      async passes => {
        await passes.score([], FINDING, undecidedScores);
        await passes.predict([]);
        await passes.score([], FINDING, undecidedScores);
        return 'long';
      },
    ]);
    expect(results).toEqual(['at once', 'late', 'long']);
  });

  it('end before the first that failed is told of', async () => {
    const ended: string[] = [];
    const passes = passesOn(demo.model, BATCHES.batchBytes);
    const long = async (passes: Passes) => {
      await passes.predict([]);
      await passes.predict([]);
      ended.push('long');
    };
    const failing = async (passes: Passes) => {
      await passes.predict([]);
      throw new Error('this one fails');
    };
    await expect(gather(passes, [long, failing])).rejects.toThrow('this one fails');
    expect(ended).toEqual(['long']);
  });

  it('are all told where the model fails', async () => {
    const passes = passesOn(demo.model, BATCHES.batchBytes);
    const broken: Passes = { ...passes, predict: () => Promise.reject(new Error('memory is full')) };
    const told: unknown[] = [];
    const works = [0, 1].map(() => (passes: Passes) => passes.predict([]).catch(error => told.push(error)));
    await gather(broken, works);
    expect(told.map(String)).toEqual(['Error: memory is full', 'Error: memory is full']);
  });

  it('leave no tensor behind', async () => {
    const passes = passesOn(demo.model, BATCHES.batchBytes);
    const all = () =>
      gather(
        passes,
        tasks.map(task => passes => run(task, passes)),
      );
    await all();
    const { numTensors } = tf.memory();
    for (let i = 0; i < 3; i++) await all();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

function probabilities({ related, unrelated, baseline }: InterventionEffects): number[] {
  return [related, unrelated, baseline].flatMap(effects => [
    ...(effects?.probability_before ?? []),
    ...(effects?.probability_after ?? []),
  ]);
}
