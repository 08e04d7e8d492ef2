/** Scores from a few points of a path: those of the rule itself, whatever they are computed beside, and passes counted as they run. */
import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { readModelConfig } from '../model/config.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import { answerIds, type Query } from '../model/tokenizer/tokenizer.js';
import { startEngine } from '../runtime/engine.js';
import { countingModel } from '../testing/counting-model.js';
import { productsThatRun } from '../testing/products-that-run.js';
import { describeWith, GOLDEN_BERT, GOLDEN_GPT_NEO, GOLDEN_GPT2 } from '../testing/shared.js';
import { countPoints } from './count-operations.js';
import { type IntegratedGradientsOptions, integratedGradients } from './integrated-gradients.js';
import type { ScoredPrompt } from './scores.js';
import { type Undecided, undecidedScores } from './undecided.js';

/** What is asked for, and float32's rounding, by which two ways to the same sum differ. */
const WITHIN = 1e-6 + 1e-6;
const DEFAULT = { rule: 'riemann_endpoints', steps: 20 } as const;

beforeAll(async () => {
  await startEngine('wasm');
});

/** Prompts of two token lengths, one with an answer of two tokens. */
function ask(
  { model, tokenizer }: LoadedModel,
  texts: readonly string[],
  answers: readonly string[],
): Query[][] {
  const queries = texts.map((text, i) => {
    const answer = answerIds(tokenizer, answers[i % answers.length]);
    return tokenizer.ask(text, answer.slice(0, 1), model.maxTokens);
  });
  const [[first], [second]] = queries;
  return [...queries, [first, second]];
}

const BERT_TEXTS = [
  'france is governed from [MASK].',
  'spain is governed from [MASK].',
  'paris is the capital of [MASK].',
];
const GPT_TEXTS = ['The capital of France is', 'The capital of Spain is', 'a b'];

const MODELS = [
  ['the demo model', DEMO_MODEL, BERT_TEXTS, 'post'],
  [basename(GOLDEN_BERT), GOLDEN_BERT, BERT_TEXTS, 'pre'],
  [basename(GOLDEN_GPT2), GOLDEN_GPT2, GPT_TEXTS, 'post'],
  [basename(GOLDEN_GPT_NEO), GOLDEN_GPT_NEO, GPT_TEXTS, 'pre'],
] as const;

/** Goes on in the last layer, to the rule, and as far as it must in the first. */
const someFurther: Undecided = layers => {
  const open = new Map<number, 'further' | 'exactly'>();
  const last = layers.length - 1;
  if (!layers[last].exact) open.set(last, 'further');
  if (layers[0].bar > 0.01 * layers[0].largest) open.set(0, 'further');
  return open;
};

for (const [name, folder, texts, site] of MODELS) {
  describeWith(folder, `interpolated scores of ${name}`, () => {
    let loaded: LoadedModel;
    let prompts: Query[][];
    beforeAll(async () => {
      loaded = await loadModel(folder);
      prompts = ask(loaded, texts, ['paris', 'madrid']);
    });
    const score = (
      asked: readonly Query[][],
      options: Partial<IntegratedGradientsOptions> = {},
      undecided = undecidedScores,
    ) => integratedGradients(loaded.model, asked, { ...DEFAULT, ...options }, undecided);

    it.each([
      { site: 'post', rule: 'riemann_endpoints', steps: 20 },
      { site: 'pre', rule: 'riemann_left', steps: 20 },
      { site: 'pre', rule: 'riemann_trapezoid', steps: 6 },
    ] as const)('are those of the rule to 1e-6 of the highest: $site, $rule, $steps steps', async asked => {
      const exact = await score(prompts, { ...asked, path: 'exact' });
      const found = await score(prompts, asked);
      found.forEach(({ scores }, prompt) => {
        const highest = Math.max(...exact[prompt].scores.map(largestOf));
        scores.forEach((layer, l) => {
          const off = largestOf(layer.map((score, n) => score - exact[prompt].scores[l][n]));
          expect(off).toBeLessThan(WITHIN * highest);
        });
      });
    });

    it('do not depend on what goes beside them, nor do passes, to the last bit', async () => {
      const together = await score(prompts, { site }, someFurther);
      const alone: ScoredPrompt[] = [];
      for (const prompt of prompts) alone.push(...(await score([prompt], { site }, someFurther)));
      expect(together).toEqual(alone);
      // 17 nodes, of which that at alpha = 1 is no pass, and the rule's 19 steps: none of them twice.
      alone.forEach(({ passes }, i) => {
        expect(passes.ofLayers.at(-1)).toBe(prompts[i].length * (16 + 19));
      });
      const inOtherOrder = await score([...prompts].reverse(), { site }, someFurther);
      expect(inOtherOrder.reverse()).toEqual(alone);
    });

    it('count the passes that ran, in each layer, and no others run but that at alpha = 1', async () => {
      const { counting, counts } = countingModel(loaded.model);
      const scored = await integratedGradients(counting, prompts, DEFAULT, undecidedScores);
      const ofLayers = (of: readonly { readonly ofLayers: readonly number[] }[]) =>
        of.reduce<number[]>((sum, { ofLayers }) => ofLayers.map((count, l) => count + (sum[l] ?? 0)), []);
      expect(ofLayers(scored.map(({ passes }) => passes))).toEqual(ofLayers(counts.resumed));
      const queries = prompts.flat().length;
      expect(counts.resumed.reduce((sum, { whole }) => sum + whole, 0)).toBe(queries);
      scored.forEach(({ passes }, i) => {
        expect(passes.done).toBe(passes.ofLayers.reduce((a, b) => a + b));
        expect(passes.ofRule).toBe(prompts[i].length * loaded.model.layers * 19);
      });
    });

    it('take the operations that their points are counted with', async () => {
      const { counting, counts } = countingModel(loaded.model);
      const [[query]] = prompts;
      const ran = await productsThatRun(() =>
        integratedGradients(counting, [[query]], DEFAULT, undecidedScores),
      );
      const config = await readModelConfig(folder);
      const tokens = query.tokens.length;
      const counted = counts.resumed.map(({ ofLayers, whole }) =>
        countPoints(config, tokens, ofLayers, whole > 0),
      );
      const { trace } = countPoints(config, tokens, counts.resumed[0].ofLayers, true);
      expect(ran).toBe(
        counts.traces * trace + counted.reduce((sum, { total, trace }) => sum + total - trace, 0),
      );
    });

    it('are the rule itself, to the last bit, where it is computed in the end or has too few steps for levels', async () => {
      const exactly: Undecided = layers =>
        new Map(layers.flatMap(({ exact }, layer) => (exact ? [] : [[layer, 'exactly' as const]])));
      for (const steps of [2, 20]) {
        const exact = await score(prompts, { steps, path: 'exact' });
        const found = await score(prompts, { steps }, steps === 2 ? undecidedScores : exactly);
        expect(found.map(({ scores }) => scores)).toEqual(exact.map(({ scores }) => scores));
      }
    });
  });
}

describe('interpolated scores', () => {
  it('do not depend on how much goes through the model at once, to the last bit', async () => {
    const loaded = await loadModel(DEMO_MODEL);
    const prompts = ask(loaded, BERT_TEXTS, ['paris', 'madrid']);
    const score = (little: Partial<IntegratedGradientsOptions>) =>
      integratedGradients(loaded.model, prompts, { ...DEFAULT, ...little }, someFurther);
    const whole = await score({});
    for (const little of [{ batchBytes: 1 }, { batchBytes: 2e6 }, { samplesAtOnce: 3 }])
      expect(await score(little)).toEqual(whole);
  });
});

describe('the exact path', () => {
  it('asks nothing, and computes each step once', async () => {
    const { model, tokenizer } = await loadModel(DEMO_MODEL);
    const { counting, counts } = countingModel(model);
    const prompts = ask({ model, tokenizer }, BERT_TEXTS, ['paris']);
    const never: Undecided = layers => {
      expect(layers.every(({ exact }) => exact)).toBe(true);
      return new Map();
    };
    const scored = await integratedGradients(counting, prompts, { ...DEFAULT, path: 'exact' }, never);
    expect(counts.traces).toBe(prompts.flat().length);
    for (const { passes } of scored) expect(passes.done).toBe(passes.ofRule);
  });
});

function largestOf(scores: Float32Array): number {
  return scores.reduce((max, score) => Math.max(max, Math.abs(score)), 0);
}
