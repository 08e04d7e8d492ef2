/** The neurons of the interpolated path are those of the exact one, and its passes fewer. */
import { basename } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Rule } from '../attribution/rules.js';
import { openDataset } from '../dataset/dataset.js';
import { DEMO_DATA, DEMO_MODEL } from '../embedded.js';
import { SITES } from '../model/language-model.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import { answerIds, type Query } from '../model/tokenizer/tokenizer.js';
import { startEngine } from '../runtime/engine.js';
import { describeWith, GOLDEN_MODELS, readGolden } from '../testing/shared.js';
import { silentModel } from '../testing/silent-model.js';
import { steepModel } from '../testing/steep-model.js';
import type { CoarseThreshold } from './coarse.js';
import { type FindOptions, type FoundInPrompt, findNeurons } from './find.js';

const QUADRATURES: readonly (readonly [Rule, number])[] = [
  ['riemann_endpoints', 20],
  ['riemann_left', 20],
  ['riemann_right', 12],
  ['riemann_middle', 5],
  ['riemann_trapezoid', 9],
  ['gausslegendre', 24],
];
const THRESHOLDS: readonly CoarseThreshold[] = [
  { kind: 'adaptive', value: 0.3 },
  { kind: 'adaptive', value: 0.2, inclusive: true },
  { kind: 'adaptive', value: 1, inclusive: true },
  { kind: 'absolute', value: 1e-3 },
  { kind: 'percentile', value: 99.5 },
  { kind: 'percentile', value: 80 },
];
/** Each with a threshold, so that all of both are had. */
const CASES = QUADRATURES.map(([rule, steps], i) => ({ rule, steps, threshold: THRESHOLDS[i] }));
const SHARE = { share: 0.5 };

const NEURONS_ALONE = {
  ...SHARE,
  rule: 'riemann_endpoints',
  steps: 20,
  threshold: THRESHOLDS[0],
  keepScores: false,
} as const;

beforeAll(async () => {
  await startEngine('wasm');
});

/** The coarse neurons of each prompt by the interpolated path are those of the exact one. */
async function expectSameNeurons(
  { model }: LoadedModel,
  prompts: readonly (readonly Query[])[],
  asked: Pick<FindOptions, 'site' | 'threshold'> & { readonly rule: Rule; readonly steps: number },
): Promise<Record<'found' | 'exact', readonly FoundInPrompt[]>> {
  const options = { ...asked, ...SHARE, keepScores: false };
  const exact = await findNeurons(model, prompts, { ...options, path: 'exact' });
  const { prompts: found } = await findNeurons(model, prompts, options);
  expect(found.map(({ coarse }) => coarse)).toEqual(exact.prompts.map(({ coarse }) => coarse));
  expect(found.map(({ scores, silent }) => ({ scores, silent }))).toEqual(
    exact.prompts.map(({ silent }) => ({ scores: [], silent })),
  );
  return { found, exact: exact.prompts };
}

/** Of each relation of the demo one fact, two prompts each. */
async function demoPrompts({ model, tokenizer }: LoadedModel): Promise<Query[][]> {
  const dataset = await openDataset(DEMO_DATA);
  const relations = new Map(dataset.facts.map(fact => [fact.relation, fact]));
  return [...relations.values()].flatMap(fact =>
    dataset
      .withPrompts(fact)
      .prompts.slice(0, 2)
      .map(prompt => tokenizer.ask(prompt, answerIds(tokenizer, fact.object), model.maxTokens)),
  );
}

describe('the neurons of the demo model', () => {
  let demo: LoadedModel;
  let prompts: Query[][];
  beforeAll(async () => {
    demo = await loadModel(DEMO_MODEL);
    prompts = await demoPrompts(demo);
  });

  it.each(CASES)('are the same by both paths: $rule, $steps steps, $threshold', async asked => {
    await expectSameNeurons(demo, prompts, asked);
  });

  it('are the same where negative prompts remove some, and by the protocol of Dai et al.', async () => {
    const [first, second, ...others] = prompts;
    const [{ answer }] = first;
    const negatives = others.slice(0, 6).map(([query]) => [{ ...query, answer }]);
    for (const options of [
      { threshold: { kind: 'adaptive', value: 0.3 }, share: 0.5 },
      {
        threshold: { kind: 'adaptive', value: 0.2, inclusive: true },
        share: 0.7,
        inclusive: true,
        leastPrompts: 2,
      },
    ] as const) {
      const rule = { rule: 'riemann_endpoints', steps: 20 } as const;
      const find = (path: 'exact' | 'interpolated') =>
        findNeurons(demo.model, [first, second], {
          ...rule,
          ...options,
          path,
          negatives,
          keepScores: false,
        });
      const [exact, interpolated] = [await find('exact'), await find('interpolated')];
      expect(interpolated.neurons).toEqual(exact.neurons);
      expect(interpolated.removed).toEqual(exact.removed);
      expect(interpolated.neurons.length + interpolated.removed.length).toBeGreaterThan(0);
    }
  });

  it('take fewer passes by far on the average, and never more than a node each more than the rule', async () => {
    const found = await findNeurons(demo.model, prompts, NEURONS_ALONE);
    let [done, ofRule] = [0, 0];
    for (const { passes } of found.prompts) {
      expect(passes.ofRule).toBe(2 * 19);
      expect(passes.done).toBe(passes.ofLayers.reduce((a, b) => a + b));
      // All nodes, and then every step.
      for (const ofLayer of passes.ofLayers) expect(ofLayer).toBeLessThanOrEqual(16 + 19);
      done += passes.done;
      ofRule += passes.ofRule;
    }
    expect(done).toBeLessThan(0.7 * ofRule);
  });

  it('leave no tensor behind over many facts', async () => {
    await findNeurons(demo.model, prompts.slice(0, 2), NEURONS_ALONE);
    const { numTensors } = tf.memory();
    for (const prompt of prompts.slice(0, 12)) await findNeurons(demo.model, [prompt], NEURONS_ALONE);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('the neurons of a model whose probabilities jump along the path', () => {
  it.each([
    { times: 8, config: {} },
    { times: 128, config: {} },
    { times: 1, config: { hidden_act: 'relu' } },
  ])('are the same by both paths: logits times $times, $config', async ({ times, config }) => {
    const loaded = await loadModel(steepModel(times, config));
    const prompts = await demoPrompts(loaded);
    const { found, exact } = await expectSameNeurons(loaded, prompts, CASES[0]);
    const passes = (of: readonly FoundInPrompt[]) => of.reduce((sum, { passes }) => sum + passes.done, 0);
    // Few points do not do there, and the rule itself has to.
    expect(passes(found)).toBeGreaterThan(passes(exact));
  });
});

describe('a prompt whose answer has a probability of 0', () => {
  it.each(THRESHOLDS)(
    'has no neurons by either path, says so, and had every step computed: %o',
    async threshold => {
      const loaded = await loadModel(silentModel('paris'));
      const { model, tokenizer } = loaded;
      const ask = (answer: string) =>
        tokenizer.ask('france is governed from [MASK].', answerIds(tokenizer, answer), model.maxTokens);
      const options = { rule: 'riemann_left', steps: 20, threshold, ...SHARE } as const;
      for (const keepScores of [true, false]) {
        const { prompts } = await findNeurons(model, [ask('paris'), ask('madrid')], {
          ...options,
          keepScores,
        });
        expect(prompts.map(({ silent }) => silent)).toEqual([true, false]);
        expect(prompts[0].coarse).toEqual([]);
        // Two layers of 20 steps, after four or two nodes.
        expect(prompts[0].passes.done).toBeGreaterThanOrEqual(2 * 20);
        expect(prompts[0].scores.flatMap(row => [...row]).filter(score => score !== 0)).toEqual([]);
      }
    },
  );
});

for (const folder of GOLDEN_MODELS) {
  describeWith(folder, `the neurons of ${basename(folder)}`, () => {
    it.each(SITES.map((site, i) => ({ site, ...CASES[4 * i] })))(
      'are the same by both paths, of answers of one token and of several: $site, $rule, $steps steps, $threshold',
      async asked => {
        const loaded = await loadModel(folder);
        const { model, tokenizer } = loaded;
        const { prompts, attribution } = readGolden(folder);
        const answers = new Set(attribution.map(({ target }) => target));
        const queries = [...answers].map(answer =>
          tokenizer.ask(prompts[0], answerIds(tokenizer, answer), model.maxTokens),
        );
        expect(queries.some(tokens => tokens.length > 1)).toBe(true);
        await expectSameNeurons(loaded, queries, asked);
      },
    );
  });
}
