import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Path } from '../../src/attribution/methods.js';
import { quadrature } from '../../src/attribution/rules.js';
import { scorePromptsOn } from '../../src/attribution/score-prompts.js';
import { DEMO_MODEL } from '../../src/embedded.js';
import { readModelConfig } from '../../src/model/config.js';
import { loadModel } from '../../src/model/load.js';
import { answerIds } from '../../src/model/tokenizer/tokenizer.js';
import { undecidedNeurons } from '../../src/neurons/undecided.js';
import { startEngine } from '../../src/runtime/engine.js';
import { productsThatRun } from '../../src/testing/products-that-run.js';
import { describeWith, GOLDEN_BERT, GOLDEN_GPT2 } from '../../src/testing/shared.js';
import {
  countTraces,
  operationsDone,
  type PromptPasses,
  tracedSince,
  wholeGoesAlong,
} from './operations-done.js';

beforeAll(async () => {
  await startEngine('wasm');
});

async function compare(folder: string, texts: readonly string[], answer: string, path: Path) {
  const { model, tokenizer } = await loadModel(folder);
  const prompts = texts.map(text => tokenizer.ask(text, answerIds(tokenizer, answer), model.maxTokens));
  const asked = { rule: 'gausslegendre', steps: 20, path } as const;
  const traced = countTraces(model);
  const before = new Map(traced);
  const passes: PromptPasses[] = [];
  const ran = await productsThatRun(async () => {
    const undecided = undecidedNeurons({ kind: 'adaptive', value: 0.3 });
    const scored = await scorePromptsOn(model)(prompts, asked, undecided);
    passes.push(...scored.map(({ passes }, i) => ({ queries: prompts[i], passes })));
  });
  const whole = wholeGoesAlong(quadrature(asked.rule, asked.steps), path);
  const since = tracedSince(before, traced);
  return { ran, counted: operationsDone(await readModelConfig(folder), passes, whole, since) };
}

for (const path of ['exact', 'interpolated'] as const) {
  describe(`the operations done by the ${path} path`, () => {
    it('are those of the products that ran, traces counted', async () => {
      const prompts = ['france is governed from [MASK].', 'the capital of france is [MASK].'];
      const { ran, counted } = await compare(DEMO_MODEL, prompts, 'paris', path);
      expect(ran).toBe(counted);
    });
  });

  for (const folder of [GOLDEN_BERT, GOLDEN_GPT2]) {
    describeWith(folder, `the operations done by the ${path} path, of ${basename(folder)}`, () => {
      it('are those of the products that ran, for an answer of one token or of several', async () => {
        const text =
          folder === GOLDEN_BERT ? 'the capital of france is [MASK] .' : 'The capital of France is';
        const { ran, counted } = await compare(folder, [text], 'paris', path);
        expect(ran).toBe(counted);
      });
    });
  }
}
