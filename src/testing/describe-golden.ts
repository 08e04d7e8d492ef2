/**
 * All that the golden files say, which were computed in float64 and are equal to EleutherAI's code wherever that runs: scores
 * to a relative error of 1e-4, neuron lists and predictions exactly, probabilities to 1e-5. Each token's probability keeps that in
 * float32, a product of nine what nine of them keep.
 */
import { basename } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AttributeOptions } from '../attribution/score-prompts.js';
import { KnowledgeNeurons } from '../library/knowledge-neurons.js';
import type { Changed, FactNeurons } from '../library/options.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import { answerIds } from '../model/tokenizer/tokenizer.js';
import { type CoarseThreshold, coarseNeurons } from '../neurons/coarse.js';
import { findNeurons } from '../neurons/find.js';
import { refinedNeurons } from '../neurons/refined.js';
import { relativeError } from './finite-differences.js';
import {
  describeWith,
  GOLDEN_BERT,
  GOLDEN_ENCODERS,
  GOLDEN_MODELS,
  type Golden,
  readGolden,
} from './shared.js';

const RULES = ['riemann_endpoints', 'riemann_left', 'riemann_right', 'gausslegendre'] as const;
const SCORED = { threshold: { kind: 'adaptive', value: 0.3 }, share: 0.5 } as const;

const THRESHOLDS: Record<string, CoarseThreshold> = {
  adaptive_threshold_0_3: { kind: 'adaptive', value: 0.3 },
  threshold_1e_4: { kind: 'absolute', value: 1e-4 },
  percentile_95: { kind: 'percentile', value: 95 },
};

/** A method as the golden file has it, which writes names with hyphens. */
function askedMethod({ method, rule, steps }: Golden['attribution'][number]): AttributeOptions {
  if (method === 'activation') return { method };
  if (method === 'gradient-x-activation') return { method: 'gradient_x_activation' };
  if (method === 'integrated-gradients' && rule && steps) return { rule, steps };
  throw new Error(`the golden file has no ${method}`);
}

/**
 * @param start makes the engine run that is to give them
 * @param searches how often prompts are searched for their neurons: for each threshold and share anew, or, where passes are
 *   dear, once for all of them
 * @param models default: all
 */
export function describeGolden(
  start: () => Promise<void>,
  {
    searches = 'each',
    models = GOLDEN_MODELS,
  }: { readonly searches?: 'each' | 'once'; readonly models?: readonly string[] } = {},
): void {
  for (const folder of models) {
    describeWith(folder, `the golden file of ${basename(folder)}`, () => {
      const golden = readGolden(folder);
      // Those that came later are shorter, and have the ids of prompts and answer.
      const { prompt_ids, target_ids } = golden;
      const isShort = prompt_ids !== undefined;
      let loaded: LoadedModel;
      let kn: KnowledgeNeurons;
      let searched: Promise<FactNeurons> | undefined;
      const search = () => {
        searched ??= kn.find(golden.prompts, golden.target);
        return searched;
      };
      const coarseOf = async (threshold: CoarseThreshold) =>
        searches === 'each'
          ? kn.coarseNeurons(golden.prompts[0], golden.target, { threshold })
          : coarseNeurons((await search()).prompts[0].scores, threshold);
      const refinedOf = async (share: number) =>
        searches === 'each'
          ? kn.refinedNeurons(golden.prompts, golden.target, { share })
          : refinedNeurons(
              (await search()).prompts.map(({ coarse }) => coarse),
              share,
            );
      beforeAll(async () => {
        await start();
        loaded = await loadModel(folder);
        kn = new KnowledgeNeurons(loaded);
      });
      afterAll(() => loaded.model.dispose());

      it.runIf(isShort)('has these tokens of prompts and answer exactly', () => {
        const { model, tokenizer } = loaded;
        const tokens = golden.prompts.map(prompt => tokenizer.encode(prompt, model.maxTokens).tokens);
        expect(tokens).toEqual(prompt_ids);
        expect(answerIds(tokenizer, golden.target, golden.prompts[0])).toEqual(target_ids);
      });

      it('has scores by all methods, rules and sites', () => {
        const single = golden.attribution.filter(({ target_ids }) => !target_ids);
        const names = single.map(({ site, method, rule }) => `${site} ${rule ?? method}`);
        const rules = isShort ? RULES.filter(rule => rule !== 'riemann_right') : RULES;
        const all = [...rules, 'activation', 'gradient-x-activation'];
        const sites = folder === GOLDEN_BERT ? ['post'] : ['post', 'pre'];
        expect(names).toEqual(sites.flatMap(site => all.map(name => `${site} ${name}`)));
      });

      // Of several tokens, where passes are dear, all at once alone.
      const waysOf = ({ target_ids }: Golden['attribution'][number]) =>
        target_ids && searches === 'once' ? [true] : [false, true];
      it.each(golden.attribution.flatMap(entry => waysOf(entry).map(together => ({ ...entry, together }))))(
        'has these scores: $target, $site, $method, $rule, $steps steps, passes together: $together',
        async ({ together, ...entry }) => {
          const { prompt, target, target_ids, site, scores } = entry;
          const { model, tokenizer } = loaded;
          const answer = answerIds(tokenizer, target, prompt);
          if (target_ids) expect(answer).toEqual(target_ids);
          const { prompts } = await findNeurons(model, [tokenizer.ask(prompt, answer, model.maxTokens)], {
            ...askedMethod(entry),
            ...SCORED,
            site,
            // Where memory asks for it, layers and steps go one after the other.
            ...(!together && { samplesAtOnce: 3 }),
          });
          const found = prompts[0].scores.flatMap(row => [...row]);
          expect(relativeError(found, scores.flat())).toBeLessThan(1e-4);
        },
      );

      it('has these coarse neurons exactly, by every threshold', async () => {
        expect(Object.keys(golden.coarse)).toEqual(Object.keys(THRESHOLDS).slice(0, isShort ? 1 : 3));
        for (const [name, expected] of Object.entries(golden.coarse)) {
          expect(await coarseOf(THRESHOLDS[name])).toEqual(expected);
        }
      });

      it.each(isShort ? [0.3, 0.5] : [0.3, 0.5, 0.7])(
        'has these refined neurons exactly, by a share of %d',
        async share => {
          expect(await refinedOf(share)).toEqual(golden.refined[`p_${share}`]);
        },
      );

      it.each(golden.edits)('has these probabilities and predictions: $prompt $target', async edit => {
        const { prompt, target, neurons } = { ...edit, neurons: golden.neurons };
        const expectEffect = async (
          changed: Promise<Changed>,
          expected: { target_prob: number; argmax_id: number },
          expectedBefore = edit.before,
          answer = target,
        ) => {
          const tokens = answerIds(loaded.tokenizer, answer, prompt).length;
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
        if (GOLDEN_ENCODERS.includes(folder))
          expect((await erased).prompts).toHaveLength(golden.prompts.length);
        else await expect(erased).rejects.toThrow('the model has no unknown token');
      });
    });
  }
}
