import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEngine } from '../runtime/engine.js';
import { setEnvironment } from '../testing/environment.js';
import { serve } from '../testing/loopback-server.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { changeFact } from './change-fact.js';
import type { ChangeRequest } from './change-request.js';
import { KnowledgeNeurons } from './knowledge-neurons.js';
import { loadModel } from './load-model.js';

const ASKED: ChangeRequest = {
  change: { change: 'edit', to: 'london', rule: 'paper', lambdas: { lambda1: 1, lambda2: 8 } },
  prompts: ['france is governed from [MASK].'],
  answer: 'paris',
  otherPrompts: [],
  neurons: { share: 0.5 },
  asking: { site: 'post', continuation: 'answer' },
  unrelated: { data: 'demo', count: 2, seed: 42 },
  save: null,
};

async function open() {
  await startEngine('wasm');
  const opened = await loadModel('demo');
  onTestFinished(() => opened.model.dispose());
  const kn = new KnowledgeNeurons(opened);
  return { opened, predict: () => kn.predict(ASKED.prompts, ASKED.answer) };
}

describe('a fact that is changed in a model', () => {
  it('is asked before the data set of unrelated facts is fetched', async () => {
    const server = await serve((_, response) => void response.writeHead(404).end());
    setEnvironment({ KN_CACHE: temporaryFolder(), KN_PARAREL_URL: server.url });
    const { opened } = await open();
    const unrelated = { data: 'pararel', count: 2, seed: 42 };
    for (const wrong of [{ answer: '日' }, { prompts: ['no mask'] }, { neurons: [[9, 9]] as const }])
      await expect(changeFact(opened, { ...ASKED, unrelated, ...wrong })).rejects.toThrow(
        /vocabulary lacks|no \[MASK\]|no neuron/,
      );
    expect(server.requests).toEqual([]);
  });

  it('stays changed until that is undone, to the last bit, and leaves no tensor', async () => {
    const { opened, predict } = await open();
    const before = await predict();
    const { numTensors } = tf.memory();
    const { report, undo } = await changeFact(opened, ASKED);
    expect(report).toMatchObject({ answer: 'paris', target: 'london', edited: { original: 'paris' } });
    expect(report.unrelated).toMatchObject({ data: 'demo', facts: 2 });
    const [{ top: _, ...standing }] = await predict();
    const { top: __, target: ___, ...after } = report.prompts[0].after;
    expect(standing).toEqual(after);
    await undo();
    expect(await predict()).toEqual(before);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it.each<[string, object, RegExp]>([
    [
      'a lambda that is no number',
      { change: { ...ASKED.change, lambdas: { lambda1: Number.NaN, lambda2: 8 } } },
      /request's change\.lambdas\.lambda1/,
    ],
    ['an unknown rule', { change: { ...ASKED.change, rule: 'x' } }, /request's change\.rule/],
    ['an unknown change', { change: { change: 'forget' } }, /request's change\.change/],
    ['a number of facts below 1', { unrelated: { data: 'demo', count: -1, seed: 1 } }, /unrelated\.count/],
    ['no prompt', { prompts: [] }, /request's prompts/],
    ['something left out', { otherPrompts: undefined }, /request's otherPrompts/],
    ['a neuron that the model has not', { neurons: [[9, 9]] }, /the model has no neuron \[9, 9\]/],
    ['an answer that it cannot say', { answer: '日' }, /characters that the vocabulary lacks/],
  ])('is refused for %s, before anything is changed', async (_, wrong, message) => {
    const { opened, predict } = await open();
    const before = await predict();
    await expect(changeFact(opened, { ...ASKED, ...wrong })).rejects.toThrow(message);
    expect(await predict()).toEqual(before);
  });

  it('is left alone where the signal is aborted before, and ends at once where it is later', async () => {
    const { opened, predict } = await open();
    const before = await predict();
    await expect(changeFact(opened, ASKED, { signal: AbortSignal.abort() })).rejects.toThrow('Interrupted');
    expect(await predict()).toEqual(before);
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await expect(changeFact(opened, ASKED, { signal: controller.signal, onProgress })).rejects.toThrow(
      'Interrupted. Nothing was saved.',
    );
  });
});
