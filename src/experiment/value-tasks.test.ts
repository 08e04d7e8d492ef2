/** What a worker does to update a fact and to erase a relation, on the demo model. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../dataset/dataset.js';
import type { FactKey } from '../dataset/fact.js';
import { DEMO_DATA, DEMO_MODEL } from '../embedded.js';
import { standingOf } from '../intervention/distribution.js';
import { intervene, SUPPRESS } from '../intervention/intervene.js';
import { standingsOf } from '../intervention/standings.js';
import { askPrompts } from '../model/continuation.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import { answerIds } from '../model/tokenizer/tokenizer.js';
import type { Neuron } from '../neurons/neuron.js';
import { startEngine } from '../runtime/engine.js';
import { type ErasureTask, runErasureTask } from './erasure/task.js';
import type { AskedFact } from './facts/task.js';
import { runUpdateTask, type UpdateTask } from './update/task.js';

const BATCH = 1e8;
// Of the last layer, where erasing a value is suppressing its activation: nothing comes after that sees other positions.
const NEURONS: Neuron[] = Array.from({ length: 60 }, (_, i): Neuron => [1, 8 * i]);

let demo: LoadedModel;
let facts: AskedFact[];
let france: AskedFact;

beforeAll(async () => {
  await startEngine('wasm');
  demo = await loadModel(DEMO_MODEL);
  const dataset = await openDataset(DEMO_DATA, { relations: ['P36'], limit: 6 });
  const asked = (key: FactKey) => ({ object: key.object, prompts: dataset.withPrompts(key).prompts });
  const [first, ...others] = [...dataset.facts].sort((a, b) =>
    a.object === 'Paris' ? -1 : b.object === 'Paris' ? 1 : 0,
  );
  expect(first.object).toBe('Paris');
  france = asked(first);
  facts = others.map(asked);
});

/** P(answer) of each prompt from whole distributions, as the model is or with the neurons suppressed. */
async function probabilities({ object, prompts }: AskedFact, neurons: readonly Neuron[]): Promise<number[]> {
  const [answer] = answerIds(demo.tokenizer, object);
  const encoded = prompts.map(prompt => demo.tokenizer.encode(prompt, demo.model.maxTokens));
  const results = await intervene(demo.model, encoded, neurons, [SUPPRESS]);
  return results.map(({ after }) => standingOf(answer, after[0]).probability);
}

const logPerplexity = (all: number[]) => all.reduce((sum, p) => sum - Math.log(p), 0) / all.length;

describe('erasing a relation', () => {
  const task = (): ErasureTask => ({
    uuid: 'relation P36',
    neurons: NEURONS,
    value: 'zero',
    continuation: 'answer',
    own: [france, facts[0]],
    others: facts.slice(1),
  });

  it('measures log-perplexity, as whole distributions give it with and without these neurons', async () => {
    const { erasure } = await runErasureTask(demo, task(), BATCH);
    for (const [measured, neurons] of [
      [erasure?.before, []],
      [erasure?.after, NEURONS],
    ] as const) {
      const own = [...(await probabilities(france, neurons)), ...(await probabilities(facts[0], neurons))];
      const others = [];
      for (const fact of facts.slice(1)) others.push(...(await probabilities(fact, neurons)));
      expect(measured?.own.log_perplexity).toBeCloseTo(logPerplexity(own), 4);
      expect(measured?.own.prompts).toBe(own.length);
      expect(measured?.others?.log_perplexity).toBeCloseTo(logPerplexity(others), 4);
    }
    expect(erasure?.after.own.log_perplexity).toBeGreaterThan(
      (erasure?.before.own.log_perplexity ?? 0) + 0.01,
    );
  });

  it('gives the same numbers again, and leaves no tensor behind', async () => {
    const first = await runErasureTask(demo, task(), BATCH);
    const tensors = tf.memory().numTensors;
    expect(await runErasureTask(demo, task(), BATCH)).toEqual(first);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('erases with the unknown token too, which is something else', async () => {
    const zero = await runErasureTask(demo, task(), BATCH);
    const unknown = await runErasureTask(demo, { ...task(), value: 'unk' }, BATCH);
    expect(unknown.erasure?.before).toEqual(zero.erasure?.before);
    expect(unknown.erasure?.after).not.toEqual(zero.erasure?.after);
  });

  it('has nothing to say of others where there are none', async () => {
    const { erasure } = await runErasureTask(demo, { ...task(), others: [] }, BATCH);
    expect([erasure?.before.others, erasure?.after.others]).toEqual([null, null]);
  });
});

describe('updating a fact', () => {
  const task = (): UpdateTask => ({
    uuid: 'france',
    fact: france,
    target: 'Rome',
    continuation: 'answer',
    neurons: NEURONS,
    random: NEURONS.map(([layer, index]) => [layer, index + 1]),
    rule: 'paper',
    lambdas: { lambda1: 1, lambda2: 8 },
    onlyCorrect: false,
    same: facts.slice(0, 2),
    other: facts.slice(2),
  });

  it('measures before as whole distributions have it', async () => {
    const { update } = await runUpdateTask(demo, task(), BATCH);
    const before = update?.measured?.before;
    const expected = await probabilities(france, []);
    expect(before?.answer.probability).toHaveLength(expected.length);
    expected.forEach((p, i) => {
      expect(before?.answer.probability[i]).toBeCloseTo(p, 5);
    });
    const same = [...(await probabilities(facts[0], [])), ...(await probabilities(facts[1], []))];
    expect(before?.same?.log_perplexity).toBeCloseTo(logPerplexity(same), 4);
  });

  it('changes nothing with lambdas of 0', async () => {
    const { update } = await runUpdateTask(demo, { ...task(), lambdas: { lambda1: 0, lambda2: 0 } }, BATCH);
    expect(update?.measured?.knowledge).toEqual(update?.measured?.before);
    expect(update?.measured?.random).toEqual(update?.measured?.before);
  });

  it.each(['paper', 'eleutherai'] as const)(
    'edits these neurons, and then the random ones, by the rule %s',
    async rule => {
      const one = await runUpdateTask(demo, { ...task(), rule }, BATCH);
      const swapped = { ...task(), rule, neurons: task().random, random: task().neurons };
      const other = await runUpdateTask(demo, swapped, BATCH);
      expect(one.update?.measured?.knowledge).not.toEqual(one.update?.measured?.before);
      expect(other.update?.measured?.random).toEqual(one.update?.measured?.knowledge);
      expect(other.update?.measured?.knowledge).toEqual(one.update?.measured?.random);
    },
  );

  it('gives the same numbers again, and leaves no tensor behind', async () => {
    const first = await runUpdateTask(demo, task(), BATCH);
    const tensors = tf.memory().numTensors;
    expect(await runUpdateTask(demo, task(), BATCH)).toEqual(first);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('counts the prompts that the model answers correctly, where those alone are asked for', async () => {
    const wrong = { ...france, object: 'Lima' };
    const none = await runUpdateTask(demo, { ...task(), fact: wrong, onlyCorrect: true }, BATCH);
    expect(none.update).toMatchObject({ target: 'Rome', measured: null });
    const right = (await runUpdateTask(demo, { ...task(), onlyCorrect: true }, BATCH)).update?.measured
      ?.before;
    expect(right?.answer.rank.every(rank => rank === 1)).toBe(true);
    const all = (await runUpdateTask(demo, task(), BATCH)).update?.measured?.before;
    expect(right?.answer.rank).toHaveLength(all?.answer.rank.filter(rank => rank === 1).length ?? -1);
  });
});

describe('standings', () => {
  it('take the product over the tokens of an answer, and the sum of -log P', async () => {
    const { model, tokenizer } = demo;
    const [queries] = await askPrompts(model, tokenizer, [france.prompts[0]], 'Paris Rome', 'answer');
    expect(queries).toHaveLength(2);
    const [whole] = await standingsOf(model, [queries]);
    const parts = await standingsOf(
      model,
      queries.map(query => [query]),
    );
    expect(whole.probability).toBeCloseTo(parts[0].probability * parts[1].probability, 10);
    expect(whole.surprisal).toBeCloseTo(-Math.log(parts[0].probability) - Math.log(parts[1].probability), 6);
    expect(whole.rank).toBe(Math.max(parts[0].rank, parts[1].rank));
  });
});
