/** What is said of one fact's prompts whose scores are all 0, by every command that finds its neurons. */
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { changeFact } from '../../library/change-fact.js';
import type { ChangeRequest } from '../../library/change-request.js';
import { silentPrompts } from '../../library/find-neurons-of-fact.js';
import { KnowledgeNeurons } from '../../library/knowledge-neurons.js';
import { loadModel } from '../../library/load-model.js';
import type { FactNeurons } from '../../library/options.js';
import { startEngine } from '../../runtime/engine.js';
import { silentModel } from '../../testing/silent-model.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { changeText } from './change-text.js';
import { effectsJson, effectsText } from './effects-text.js';
import { foundJson, foundText } from './found-text.js';

const PROMPTS = [
  'france is governed from [MASK].',
  'the ministries of france are in [MASK].',
  'the government of france has its seat in [MASK].',
];
/** As `--protocol dai` has them. */
const SHARING = { share: 0.7, inclusive: true, leastPrompts: 3 };
const FINDING = { ...SHARING, threshold: { kind: 'adaptive', value: 0.2, inclusive: true } } as const;
const SAID = PROMPTS.map(prompt => `Every neuron scores 0 at "${prompt}": the method says nothing there`);

async function open() {
  await startEngine('wasm');
  const opened = await loadModel(silentModel());
  onTestFinished(() => opened.model.dispose());
  return { opened, kn: new KnowledgeNeurons(opened) };
}

describe('a fact whose answer has a probability of 0', () => {
  it('has no neurons, and kn find names its prompts', async () => {
    const { kn } = await open();
    const found = await kn.find(PROMPTS, 'paris', { ...FINDING, negativePrompts: PROMPTS.slice(0, 1) });
    expect(found.neurons).toEqual([]);
    const shown = { answer: 'paris', found, sharing: SHARING, convergence: false };
    const text = foundText(shown).join('\n');
    for (const line of SAID) expect(text).toContain(line);
    expect(text).toContain('0 refined neurons of "paris": coarse in 0.7 or more of 0 prompts');
    const { prompts, negativePrompts } = JSON.parse(foundJson(shown));
    expect(prompts[0]).toMatchObject({ prompt: PROMPTS[0], probability: 0, coarse: [], silent: true });
    expect(negativePrompts[0]).toEqual({ prompt: PROMPTS[0], coarse: [], silent: true });
    expect(await kn.coarseNeurons(PROMPTS[0], 'paris', FINDING)).toEqual([]);
    expect(await kn.refinedNeurons(PROMPTS, 'paris', FINDING)).toEqual([]);
  });

  it('is suppressed nowhere, and nobody is told to lower the share', async () => {
    const { kn } = await open();
    const found = await kn.find(PROMPTS, 'paris', FINDING);
    const { prompts: effects } = await kn.suppress(PROMPTS, 'paris', found.neurons);
    const didTo = (neurons: string) => `Suppressed ${neurons}`;
    const measured = { answer: 'paris', answerTokens: ['paris'], neurons: [], effects };
    const text = effectsText({ ...measured, didTo, found, sharing: SHARING }).join('\n');
    for (const line of SAID) expect(text).toContain(line);
    expect(text).not.toContain('--share');
    const silent = silentPrompts(found);
    expect(JSON.parse(effectsJson(measured, silent)).silentPrompts).toEqual(PROMPTS);
    expect(JSON.parse(effectsJson(measured, []))).not.toHaveProperty('silentPrompts');
  });

  it('is neither erased nor saved', async () => {
    const { opened } = await open();
    const request: ChangeRequest = {
      ...{ change: { change: 'erase', value: 'zero' }, prompts: PROMPTS, answer: 'paris', otherPrompts: [] },
      ...{ neurons: FINDING, asking: { site: 'post', continuation: 'answer' }, unrelated: null, save: null },
    };
    const { report, whyNoNeurons } = await changeFact(opened, request);
    expect(report).toMatchObject({ neurons: [], silentPrompts: PROMPTS });
    const text = changeText(report, whyNoNeurons).join('\n');
    for (const line of SAID) expect(text).toContain(line);
    expect(text).not.toContain('--share');
    const save = join(temporaryFolder(), 'saved');
    await expect(changeFact(opened, { ...request, save })).rejects.toMatchObject({
      remedy: expect.stringContaining('Every neuron scores 0 at every prompt'),
    });
  });
});

it('says nothing of prompts where a score is not 0', () => {
  const prompt = {
    prompt: 'p',
    probability: 0.5,
    rank: 1,
    coarse: [],
    scores: [Float32Array.of(1)],
    passes: { done: 0, ofLayers: [], ofRule: 0 },
    silent: false,
  };
  const found: FactNeurons = {
    answerTokens: ['a'],
    neurons: [],
    removed: [],
    prompts: [prompt],
    negativePrompts: [],
  };
  const shown = { answer: 'a', found, sharing: SHARING, convergence: false };
  expect(foundText(shown).join('\n')).not.toContain('scores 0');
  expect(foundJson(shown)).not.toContain('silent');
});
