/**
 * All that the golden files say of thresholds and interventions, on every engine that is here: computed in float64, and equal to
 * EleutherAI's code wherever that runs. Each token's probability keeps 1e-5 in float32, a product of nine what nine of them keep.
 */
import { basename } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type LoadedModel, loadModel as loadFolder } from '../model/load.js';
import { answerIds } from '../model/tokenizer.js';
import type { CoarseThreshold } from '../neurons/coarse.js';
import { startEngine } from '../runtime/engine.js';
import { enginesHere } from '../testing/engines.js';
import { describeWith, GOLDEN_BERT, GOLDEN_MODELS, readGolden } from '../testing/shared.js';
import { KnowledgeNeurons } from './knowledge-neurons.js';
import { loadModel } from './load-model.js';
import type { Changed } from './options.js';

const THRESHOLDS: Record<string, CoarseThreshold> = {
  adaptive_threshold_0_3: { kind: 'adaptive', value: 0.3 },
  threshold_1e_4: { kind: 'absolute', value: 1e-4 },
  percentile_95: { kind: 'percentile', value: 95 },
};

describe.each(await enginesHere())('on the %s engine', engine => {
  for (const folder of GOLDEN_MODELS) {
    describeWith(folder, `the golden file of ${basename(folder)}`, () => {
      const golden = readGolden(folder);
      let loaded: LoadedModel;
      let kn: KnowledgeNeurons;
      beforeAll(async () => {
        await startEngine(engine);
        loaded = await loadFolder(folder);
        kn = new KnowledgeNeurons(loaded);
      });

      it('has these coarse neurons exactly, by every threshold', async () => {
        expect(Object.keys(golden.coarse)).toEqual(Object.keys(THRESHOLDS));
        for (const [name, expected] of Object.entries(golden.coarse)) {
          const threshold = THRESHOLDS[name];
          expect(await kn.coarseNeurons(golden.prompts[0], golden.target, { threshold })).toEqual(expected);
        }
      });

      it.each([0.3, 0.5, 0.7])('has these refined neurons exactly, by a share of %d', async share => {
        expect(await kn.refinedNeurons(golden.prompts, golden.target, { share })).toEqual(
          golden.refined[`p_${share}`],
        );
      });

      it.each(golden.edits)('has these probabilities and predictions: $prompt $target', async edit => {
        const { prompt, target, neurons } = { ...edit, neurons: golden.neurons };
        const expectEffect = async (
          changed: Promise<Changed>,
          expected: { target_prob: number; argmax_id: number },
          expectedBefore = edit.before,
          answer = target,
        ) => {
          const tokens = answerIds(loaded.tokenizer, answer).length;
          const [{ before, after }] = (await changed).prompts;
          for (const [found, golden] of [
            [before, expectedBefore],
            [after, expected],
          ] as const) {
            expect(Math.abs(found.probability / golden.target_prob - 1)).toBeLessThan(tokens * 1e-5);
            expect(found.top[0].token).toBe(loaded.tokenizer.token(golden.argmax_id));
          }
        };
        await expectEffect(kn.suppress([prompt], target, neurons), edit.suppress);
        await expectEffect(kn.enhance([prompt], target, neurons), edit.enhance);
        await expectEffect(kn.erase([prompt], target, neurons), edit.erase_zero);
        if (edit.erase_unk)
          await expectEffect(kn.erase([prompt], target, neurons, { value: 'unk' }), edit.erase_unk);
        const edited = kn.edit([prompt], target, edit.edit_to, neurons);
        await expectEffect(edited, edit.edit, edit.edit_before, edit.edit_to);
      });

      it('has an unknown token to erase with, or says that there is none', async () => {
        const erased = kn.erase(golden.prompts, golden.target, golden.neurons, { value: 'unk' });
        if (folder === GOLDEN_BERT) expect((await erased).prompts).toHaveLength(golden.prompts.length);
        else await expect(erased).rejects.toThrow('the model has no unknown token');
      });
    });
  }
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
