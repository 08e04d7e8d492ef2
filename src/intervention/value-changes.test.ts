import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { UsageError } from '../errors.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import { answerIds, type Query } from '../model/tokenizer/tokenizer.js';
import type { Neuron } from '../neurons/neuron.js';
import { startEngine } from '../runtime/engine.js';
import { relativeError } from '../testing/finite-differences.js';
import { describeWith, GOLDEN_BERT, GOLDEN_GPT2, GOLDEN_MODELS, readGolden } from '../testing/shared.js';
import { standingOf, standingOfTokens, topTokens } from './distribution.js';
import { intervene } from './intervene.js';
import { changeValues, editRule, eraseRule, originalOf } from './value-changes.js';
import { type EditRule, edited, erased, LAMBDAS } from './value-rules.js';

beforeAll(async () => {
  await startEngine('wasm');
});

/** The distributions that the model gives as it is. */
async function predict({ model }: LoadedModel, queries: readonly Query[]) {
  return (await intervene(model, queries, [], [])).map(({ before }) => before);
}

/** Every value of every layer. */
async function allValues({ model }: LoadedModel): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (let layer = 0; layer < model.layers; layer++)
    values.push(...(await model.readValues(layer, [...Array(model.intermediateSize).keys()])));
  return values;
}

describe.each(GOLDEN_MODELS)('%s', folder => {
  describeWith(folder, "EleutherAI's changes of weights (computed in float64)", () => {
    const { neurons, edits } = readGolden(folder);
    let loaded: LoadedModel;
    beforeAll(async () => {
      loaded = await loadModel(folder);
    });
    afterAll(() => loaded.model.dispose());

    const ask = (prompt: string, answer: string) =>
      loaded.tokenizer.ask(prompt, answerIds(loaded.tokenizer, answer), loaded.model.maxTokens);

    async function expectStanding(queries: readonly Query[], golden: (typeof edits)[number]['before']) {
      const distributions = await predict(loaded, queries);
      const standings = queries.map(({ answer }, i) => standingOf(answer, distributions[i]));
      const { probability } = standingOfTokens(standings);
      // For each token of the answer, whose probabilities are multiplied.
      expect(Math.abs(probability / golden.target_prob - 1)).toBeLessThan(1e-5 * queries.length);
      expect(topTokens(distributions[0], 1)[0].id).toBe(golden.argmax_id);
    }

    it.each(edits)('erase with zeros: $prompt', async ({ prompt, target, before, erase_zero }) => {
      const queries = ask(prompt, target);
      await expectStanding(queries, before);
      const change = await changeValues(loaded.model, neurons, await eraseRule(loaded, 'zero'));
      await expectStanding(queries, erase_zero);
      await change.undo();
      await expectStanding(queries, before);
    });

    it.each(edits.flatMap(({ erase_unk, ...edit }) => (erase_unk ? [{ ...edit, erase_unk }] : [])))(
      "erase with the unknown token's embedding: $prompt",
      async ({ prompt, target, erase_unk }) => {
        const change = await changeValues(loaded.model, neurons, await eraseRule(loaded, 'unk'));
        await expectStanding(ask(prompt, target), erase_unk);
        await change.undo();
      },
    );

    it.each(edits)('edit to another answer: $prompt', async ({ prompt, target, edit_to, ...golden }) => {
      const { model, tokenizer } = loaded;
      const queries = ask(prompt, edit_to);
      await expectStanding(queries, golden.edit_before);
      const rule = await editRule(model, {
        rule: 'eleutherai',
        lambdas: LAMBDAS.eleutherai,
        original: await originalOf(model, 'eleutherai', ask(prompt, target)),
        target: answerIds(tokenizer, edit_to),
      });
      const change = await changeValues(model, neurons, rule);
      await expectStanding(queries, golden.edit);
      await change.undo();
    });

    it('are taken back bit for bit, one after the other, and leave no tensor behind', async () => {
      const { model } = loaded;
      const queries = edits.flatMap(({ prompt, target }) => ask(prompt, target));
      const [values, distributions] = [await allValues(loaded), await predict(loaded, queries)];
      const tensors = tf.memory().numTensors;
      const edit = await editRule(model, {
        rule: 'paper',
        lambdas: LAMBDAS.paper,
        original: [queries[0].answer],
        target: [queries[1].answer],
      });
      const first = await changeValues(model, neurons, edit);
      const second = await changeValues(model, neurons.slice(1), erased());
      const changed = await predict(loaded, queries);
      expect(changed).not.toEqual(distributions);
      await second.undo();
      await first.undo();
      expect(await allValues(loaded)).toEqual(values);
      expect(await predict(loaded, queries)).toEqual(distributions);
      expect(tf.memory().numTensors).toBe(tensors);
    });
  });
});

describe('a change of values', () => {
  let demo: LoadedModel;
  beforeAll(async () => {
    demo = await loadModel(DEMO_MODEL);
  });

  it('touches the named neurons alone, in every layer, and says what they became', async () => {
    const neurons: Neuron[] = [
      [1, 7],
      [0, 3],
      [1, 500],
    ];
    const { intermediateSize } = demo.model;
    const before = await allValues(demo);
    const { values, undo } = await changeValues(demo.model, neurons, value => value.map(x => 2 * x));
    const after = await allValues(demo);
    const places = neurons.map(([layer, index]) => layer * intermediateSize + index);
    after.forEach((value, place) => {
      expect(value).toEqual(places.includes(place) ? before[place].map(x => 2 * x) : before[place]);
    });
    expect(values.get(1)?.get(500)).toEqual(after[places[2]]);
    await undo();
  });

  it('changes a neuron that stands twice in the list once, and takes it back', async () => {
    const before = await demo.model.readValues(0, [3]);
    const twice: Neuron[] = [
      [0, 3],
      [0, 3],
    ];
    const { undo } = await changeValues(demo.model, twice, value => value.map(x => 2 * x));
    expect(await demo.model.readValues(0, [3])).toEqual(before.map(value => value.map(x => 2 * x)));
    await undo();
    expect(await demo.model.readValues(0, [3])).toEqual(before);
  });

  it('leaves all layers as they were where one fails', async () => {
    const before = await allValues(demo);
    let calls = 0;
    const failing = (value: Float32Array) => {
      if (calls++ > 0) throw new Error('no more');
      return value.map(x => 2 * x);
    };
    const neurons: Neuron[] = [
      [0, 3],
      [1, 7],
    ];
    await expect(changeValues(demo.model, neurons, failing)).rejects.toThrow('no more');
    expect(await allValues(demo)).toEqual(before);
  });

  it('refuses a neuron that the model has not', async () => {
    await expect(changeValues(demo.model, [[2, 0]], erased())).rejects.toThrow('no neuron [2, 0]');
    await expect(changeValues(demo.model, [[0, 512]], erased())).rejects.toThrow('no neuron [0, 512]');
  });

  it('of no neurons is none', async () => {
    const { values, undo } = await changeValues(demo.model, [], erased());
    expect(values.size).toBe(0);
    await undo();
  });
});

describe('an edit', () => {
  it("takes away the fact's answer by the paper's rule, and what the model says by EleutherAI's", async () => {
    const { model, tokenizer } = await loadModel(DEMO_MODEL);
    const [paris, lima] = ['paris', 'lima'].map(answer => answerIds(tokenizer, answer));
    const queries = tokenizer.ask('france is governed from [MASK].', lima, model.maxTokens);
    expect(await originalOf(model, 'paper', queries)).toEqual(lima);
    expect(await originalOf(model, 'eleutherai', queries)).toEqual(paris);
    model.dispose();
  });

  it("takes the first token of a new answer of several by EleutherAI's rule, the mean of all by the paper's", async () => {
    const { model } = await loadModel(DEMO_MODEL);
    const [a, b, c] = await model.wordEmbeddings([10, 20, 30]);
    const ruleOf = (rule: EditRule) =>
      editRule(model, { rule, lambdas: { lambda1: 1, lambda2: 1 }, original: [10], target: [20, 30] });
    expect((await ruleOf('eleutherai'))(new Float32Array(a.length))).toEqual(a.map((x, i) => -x + b[i]));
    const mean = b.map((x, i) => (x + c[i]) / 2);
    const expected = edited('paper', { lambda1: 1, lambda2: 1 }, a, mean)(b);
    expect(relativeError((await ruleOf('paper'))(b), expected)).toBeLessThan(1e-6);
    model.dispose();
  });
});

describeWith(GOLDEN_GPT2, 'a GPT', () => {
  it('has no unknown token to erase with', async () => {
    const loaded = await loadModel(GOLDEN_GPT2);
    await expect(eraseRule(loaded, 'unk')).rejects.toThrow(UsageError);
    loaded.model.dispose();
  });
});

describeWith(GOLDEN_BERT, 'a BERT', () => {
  it("is erased with the embedding of its vocabulary's unknown token", async () => {
    const loaded = await loadModel(GOLDEN_BERT);
    const [value] = await loaded.model.readValues(0, [0]);
    const [unknown] = await loaded.model.wordEmbeddings([loaded.tokenizer.unknownId ?? -1]);
    expect((await eraseRule(loaded, 'unk'))(value)).toEqual(unknown);
    loaded.model.dispose();
  });
});
