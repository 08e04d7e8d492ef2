import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { findNeurons } from '../neurons/find.js';
import { startEngine } from '../runtime/engine.js';
import { KnowledgeNeurons } from './knowledge-neurons.js';
import { loadModel } from './load-model.js';

describe('neurons that are found', () => {
  // Of two token lengths; the last is asked twice.
  const prompts = [
    'france is governed from [MASK].',
    'the ministries of france are in [MASK].',
    'the ministries of france are in [MASK].',
  ];
  const open = async (batchBytes?: number) => {
    await startEngine('wasm');
    const loaded = await loadModel('demo');
    const kn = new KnowledgeNeurons(loaded, batchBytes === undefined ? {} : { batchBytes });
    return { loaded, kn };
  };
  const methods = [
    { method: 'integrated_gradients', rule: 'riemann_left', steps: 3 },
    { method: 'gradient_x_activation' },
    { method: 'activation' },
  ] as const;

  it.each(methods)(
    'come with what the model says of the answer by each prompt, as predict has it: %o',
    async method => {
      for (const batchBytes of [undefined, 1]) {
        const { loaded, kn } = await open(batchBytes);
        for (const answer of ['paris', 'rome paris', 'qwrtz']) {
          const found = await kn.find(prompts, answer, {
            method,
            negativePrompts: ['rome is governed from [MASK].'],
          });
          const predicted = await kn.predict(prompts, answer);
          expect(found.prompts.map(({ rank }) => rank)).toEqual(predicted.map(({ rank }) => rank));
          for (const [i, { probability }] of found.prompts.entries())
            expect(probability / predicted[i].probability).toBeCloseTo(1, 4);
        }
        loaded.model.dispose();
      }
    },
  );

  it.each(methods)('need no pass for that: as many traces as their scores alone: %o', async method => {
    const { loaded, kn } = await open();
    const { model, tokenizer } = loaded;
    const trace = vi.spyOn(model, 'trace');
    const queries = (await kn.ask(prompts, 'rome paris')).map(({ queries }) => queries);
    await findNeurons(model, queries, { ...method, threshold: { kind: 'adaptive', value: 0.3 }, share: 0.5 });
    const ofScores = trace.mock.calls.length;
    trace.mockClear();
    await kn.find(prompts, 'rome paris', { method });
    expect(trace).toHaveBeenCalledTimes(ofScores);
    expect(tokenizer.lookUp('rome paris')).toMatchObject({ ids: { length: 2 } });
    model.dispose();
  });

  it("come with the answer's tokens, as the model has them, and leave no tensor", async () => {
    const { loaded, kn } = await open();
    await kn.find(prompts, 'paris');
    const tensors = tf.memory().numTensors;
    expect((await kn.find(prompts, 'paris')).answerTokens).toEqual(['paris']);
    expect((await kn.find(prompts, 'qwrtz')).answerTokens).toEqual(['q', '##w', '##r', '##t', '##z']);
    expect(kn.answerTokens('rome paris')).toEqual(['rome', 'paris']);
    expect(tf.memory().numTensors).toBe(tensors);
    loaded.model.dispose();
  });
});

describe('changes', () => {
  const prompts = ['france is governed from [MASK].', 'the ministries of france are in [MASK].'];
  const open = async () => {
    await startEngine('wasm');
    const loaded = await loadModel('demo');
    const kn = new KnowledgeNeurons(loaded);
    return { loaded, kn, neurons: await kn.refinedNeurons(prompts, 'paris') };
  };

  it('are undone before the result is there, to the last bit, and leave no tensor', async () => {
    const { kn, neurons, loaded } = await open();
    const before = await kn.predict(prompts, 'paris');
    const tensors = tf.memory().numTensors;
    for (let time = 0; time < 5; time++) {
      await kn.suppress(prompts, 'paris', neurons);
      await kn.enhance(prompts, 'paris', neurons, { factor: 3 });
      await kn.erase(prompts, 'paris', neurons);
      const { prompts: effects, undo } = await kn.edit(prompts, 'paris', 'london', neurons, {
        rule: 'paper',
      });
      expect(effects[0].after).not.toEqual(effects[0].before);
      await undo();
    }
    expect(await kn.predict(prompts, 'paris')).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
    loaded.model.dispose();
  });

  it('stay where they are kept, and add up, until they are undone, the last first', async () => {
    const { kn, neurons, loaded } = await open();
    const before = await kn.predict(prompts, 'paris');
    const halved = await kn.enhance(prompts, 'paris', neurons, { factor: 0.5, keep: true });
    expect(await kn.predict(prompts, 'paris')).toEqual(halved.prompts.map(({ after }) => after));
    const quartered = await kn.enhance(prompts, 'paris', neurons, { factor: 0.5 });
    const atOnce = new KnowledgeNeurons(loaded);
    expect(
      (await atOnce.enhance(prompts, 'paris', neurons, { factor: 0.25 })).prompts.map(({ after }) => after),
    ).toEqual(quartered.prompts.map(({ after }) => after));
    await expect(kn.coarseNeurons(prompts[0], 'paris')).rejects.toThrow('neurons are suppressed or enhanced');
    const erased = await kn.erase(prompts, 'paris', neurons, { keep: true });
    expect(erased.prompts.map(({ before }) => before)).toEqual(halved.prompts.map(({ after }) => after));
    await expect(halved.undo()).rejects.toThrow('a later change is still in place');
    await erased.undo();
    await halved.undo();
    await halved.undo(); // once is enough
    expect(await kn.predict(prompts, 'paris')).toEqual(before);

    await kn.suppress(prompts, 'paris', neurons, { keep: true });
    await kn.edit(prompts, 'paris', 'london', neurons, { keep: true });
    await kn.undo();
    expect(await kn.predict(prompts, 'paris')).toEqual(before);
    loaded.model.dispose();
  });

  it('that are asked for at once are made one after the other', async () => {
    const { kn, neurons, loaded } = await open();
    const ask = () => [
      kn.predict(prompts, 'paris'),
      kn.erase(prompts, 'paris', neurons).then(({ prompts }) => prompts),
      kn.edit(prompts, 'paris', 'london', neurons).then(({ prompts }) => prompts),
      kn.suppress(prompts, 'paris', neurons).then(({ prompts }) => prompts),
      kn.predict(prompts, 'paris'),
    ];
    const together = await Promise.all(ask());
    expect(together[4]).toEqual(together[0]);
    expect(together[1]).toEqual((await kn.erase(prompts, 'paris', neurons)).prompts);
    await expect(Promise.all([kn.erase(prompts, 'paris', [[9, 9]]), ...ask()])).rejects.toThrow('no neuron');
    expect(await kn.predict(prompts, 'paris')).toEqual(together[0]);
    loaded.model.dispose();
  });

  it('are refused for neurons that the model has not', async () => {
    const { kn, loaded } = await open();
    await expect(kn.suppress(prompts, 'paris', [[2, 0]])).rejects.toThrow('the model has no neuron [2, 0]');
    await expect(kn.erase(prompts, 'paris', [[0, 512]])).rejects.toThrow('the model has no neuron [0, 512]');
    loaded.model.dispose();
  });

  it('say where a model is not', async () => {
    await expect(loadModel('/nowhere')).rejects.toThrow('/nowhere: no such folder');
  });
});
