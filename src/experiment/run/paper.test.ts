/** Where the paper's numbers stand beside a run's: where the run is the paper's experiment, and nowhere else. */
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset/dataset.js';
import { inRelationOrder } from '../../dataset/relation-order.js';
import { type ModelConfig, parseModelConfig, readModelConfig } from '../../model/config.js';
import { loadTokenizer } from '../../model/tokenizer/load-tokenizer.js';
import { BERT_MINI, describeWith, GOLDEN_GPT2, REAL_PARAREL } from '../../testing/shared.js';
import { planErasure } from '../erasure/plan.js';
import { completeErasure } from '../erasure/request.js';
import { planFacts } from '../facts/plan.js';
import { completeFacts } from '../facts/request.js';
import { TOO_FEW_TEMPLATES } from '../facts/tuned-relations.js';
import { planUpdate } from '../update/plan.js';
import { completeUpdate } from '../update/request.js';
import type { ExperimentData } from './experiment.js';
import { findsAsInPaper, isBertBase, PAPER_RELATIONS } from './paper.js';

/** config.json of bert-base-uncased, with some fields changed. */
const config = (changes: object = {}): ModelConfig =>
  parseModelConfig(
    {
      ...{ model_type: 'bert', hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12 },
      ...{ num_attention_heads: 12, vocab_size: 30_522, max_position_embeddings: 512, type_vocab_size: 2 },
      ...changes,
    },
    'config.json',
  );

/** As a user asks for it. */
const asked = (changes: object = {}) =>
  completeFacts({ experiment: 'facts', model: { id: './somewhere' }, protocol: 'dai', ...changes });

describe('a bert-base', () => {
  it('is known by its shape, cased or not', () => {
    expect(isBertBase(config())).toBe(true);
    expect(isBertBase(config({ vocab_size: 28_996 }))).toBe(true);
  });

  it.each([
    ['of another vocabulary, as the multilingual one', { vocab_size: 119_547 }],
    ['with 11 layers', { num_hidden_layers: 11 }],
    ['with 6 heads', { num_attention_heads: 6 }],
    ['of another width', { hidden_size: 384 }],
    ['of a narrower feed-forward network', { intermediate_size: 1536 }],
  ])('is none %s', (_, changes) => {
    expect(isBertBase(config(changes))).toBe(false);
  });

  describeWith(GOLDEN_GPT2, 'no GPT', () => {
    it('is one', async () => {
      expect(isBertBase(await readModelConfig(GOLDEN_GPT2))).toBe(false);
    });
  });
});

describe('a run', () => {
  it('finds neurons as the paper does with every number of dai, over all of PARAREL', () => {
    expect(findsAsInPaper(asked(), config())).toBe(true);
    const devices = { workers: 1 };
    expect(findsAsInPaper(asked({ devices, results: { folder: 'x' } }), config())).toBe(true);
    expect(findsAsInPaper(asked({ neurons: { steps: 20, share: 0.7 } }), config())).toBe(true);
  });

  it.each([
    ['the other protocol', { protocol: 'eleutherai' }],
    ['given neurons, which dai has none of', { protocol: 'eleutherai', neurons: { given: 'neurons.json' } }],
    ['the demo data', { data: { name: 'demo' } }],
    ['a folder, whatever is in it', { data: { name: './pararel' } }],
    ['some relations', { data: { relations: ['P36'] } }],
    ['some facts of each relation', { data: { limit: 1000 } }],
    ['some facts', { data: { facts: ['03d07080-e42d-5413-82c6-9e641d79d832'] } }],
    ['short answers alone', { data: { maxAnswerTokens: 1 } }],
    ['another method', { neurons: { method: 'activation' } }],
    ['another rule', { neurons: { rule: 'riemann_middle' } }],
    ['more steps', { neurons: { steps: 50 } }],
    ['another threshold', { neurons: { threshold: { kind: 'adaptive', value: 0.3 } } }],
    ['another share', { neurons: { share: 0.5 } }],
    ['the other site', { asking: { site: 'pre' } }],
    ['negative prompts', { controls: { negatives: 1 } }],
  ])('does not with %s', (_, changes) => {
    expect(findsAsInPaper(asked(changes), config())).toBe(false);
  });

  it('does not in another model, whatever its name is', () => {
    const named = asked({ model: { id: 'google-bert/bert-base-cased' } });
    expect(findsAsInPaper(named, config({ num_hidden_layers: 4 }))).toBe(false);
  });
});

describeWith(REAL_PARAREL, 'in PARAREL', () => {
  it("the paper's relations are those of more than three templates", async () => {
    const { relations, patternsOf } = await openDataset(REAL_PARAREL);
    const enough = relations.filter(relation => patternsOf(relation).all > TOO_FEW_TEMPLATES);
    expect(enough).toHaveLength(34);
    expect(inRelationOrder(PAPER_RELATIONS)).toEqual(enough);
  });

  describeWith(BERT_MINI, 'a plan of an experiment', () => {
    it("says whether it is the paper's, by its own numbers too", async () => {
      const tokenizer = await loadTokenizer(BERT_MINI, await readModelConfig(BERT_MINI));
      const dataset = await openDataset(REAL_PARAREL, { limit: 20 });
      const data: ExperimentData = { model: 'bert', config: config(), tokenizer, dataset, given: null };
      const other: ExperimentData = { ...data, config: config({ num_hidden_layers: 4 }) };

      const decided = asked({ asking: { site: 'post' } });
      expect(planFacts(decided, data).isPapers).toBe(true);
      expect(planFacts(decided, other).isPapers).toBe(false);

      const update = (changes: object) =>
        completeUpdate({
          ...{ experiment: 'update', protocol: 'dai', model: { id: './x' }, asking: { site: 'post' } },
          update: changes,
        });
      expect(planUpdate(update({}), data).isPapers).toBe(true);
      expect(planUpdate(update({}), other).isPapers).toBe(false);
      for (const changes of [
        { editRule: 'eleutherai' },
        ...[{ lambda2: 4 }, { updates: 5 }, { shared: 0.2 }, { measured: 1 }, { wrongToo: true }],
      ])
        expect(planUpdate(update(changes), data).isPapers).toBe(false);

      const erasure = (changes: object) =>
        completeErasure({
          ...{ experiment: 'erasure', protocol: 'dai', model: { id: './x' }, asking: { site: 'post' } },
          erasure: changes,
        });
      const all = { ownFacts: 20, otherFacts: 20 };
      expect(planErasure(erasure(all), data).isPapers).toBe(true);
      expect(planErasure(erasure({ ...all, erase: ['P19'] }), data).isPapers).toBe(true);
      expect(planErasure(erasure(all), other).isPapers).toBe(false);
      // A sample of the facts, as it is by default, is another measure.
      for (const changes of [{}, { ...all, otherFacts: 19 }, { ...all, top: 10 }, { ...all, value: 'unk' }])
        expect(planErasure(erasure(changes), data).isPapers).toBe(false);
    });
  });
});
