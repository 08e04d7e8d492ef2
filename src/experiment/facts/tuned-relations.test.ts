/** Neurons that a relation's facts decide on together, and the effects that belong to them. */
import { describe, expect, it } from 'vitest';
import type { FactKey } from '../../dataset/fact.js';
import type { TunedFinding } from '../run/finding.js';
import { type FactRecord, joinRecords, type PromptEffects } from './record.js';
import { effectsOf, lacks, type Stages } from './stages.js';
import { tuneRelations } from './tuned-relations.js';

const SHARING = { share: 0.7, inclusive: true, leastPrompts: 3 } as const;
const FINDING: TunedFinding = {
  knowledge: {
    rule: 'riemann_left',
    steps: 20,
    threshold: { kind: 'adaptive', value: 0.2, inclusive: true },
    ...SHARING,
  },
  baseline: {
    method: 'activation',
    threshold: { kind: 'adaptive', value: 0.5, inclusive: true },
    ...SHARING,
  },
};

const fact = (uuid: string, relation: string): FactKey => ({ uuid, relation, subject: 's', object: 'o' });

/** Of ten prompts; neurons [0, 0], [0, 1], ... of layer 0 are knowledge neurons, those of layer 1 the baseline's. */
const counted = (uuid: string, knowledge: number[], baseline: number[], prompts = 10): FactRecord => ({
  uuid,
  counts: {
    prompts,
    knowledge: knowledge.map((count, index) => [0, index, count]),
    baseline: baseline.map((count, index) => [1, index, count]),
  },
});

const FACTS = [fact('a', 'P36'), fact('b', 'P36'), fact('c', 'P30'), fact('d', 'P30')];
const RECORDS = new Map<string, FactRecord>([
  ['a', counted('a', [7, 7, 6], [9, 9])],
  ['b', counted('b', [8, 8], [9, 9, 7])],
  ['c', counted('c', [2, 2], [2], 2)],
]);

describe('the neurons of relations', () => {
  const { neurons, relations } = tuneRelations(FACTS, uuid => RECORDS.get(uuid), FINDING);

  it('are tuned relation by relation, the baseline for itself', () => {
    expect(neurons.get('a')).toEqual({
      knowledge: [
        [0, 0],
        [0, 1],
      ],
      baseline: [
        [1, 0],
        [1, 1],
      ],
    });
    expect(neurons.get('b')?.baseline).toHaveLength(3);
    expect(relations.get('P36')).toEqual({
      facts: 2,
      templates: 10,
      knowledge: { share: 0.7, neuronsPerFact: 2, tries: 1 },
      baseline: { share: 0.7, neuronsPerFact: 2.5, tries: 1 },
      factsWithTooFewPrompts: 0,
    });
  });

  it('are none where there are fewer than 3 prompts, which is said', () => {
    expect(neurons.get('c')).toEqual({ knowledge: [], baseline: [] });
    expect(relations.get('P30')).toMatchObject({
      facts: 1,
      templates: 2,
      knowledge: { neuronsPerFact: 0, tries: 6 },
      factsWithTooFewPrompts: 1,
    });
  });

  it('leave out facts that are not counted', () => {
    expect(neurons.has('d')).toBe(false);
    expect(tuneRelations(FACTS.slice(3), () => undefined, FINDING).relations.size).toBe(0);
  });
});

describe('effects', () => {
  const side: PromptEffects = {
    pct_change: [1],
    correct_before: [true],
    correct_after: [true],
    n_prompts: 1,
  };
  const effects = { related: side, unrelated: side, baseline: side };
  const compared = { knowledge: [[0, 0]], baseline: [[1, 1]] } as const;
  const measured: FactRecord = {
    ...counted('a', [7], [7]),
    neurons: [[0, 0]],
    baseline_neurons: [[1, 1]],
    suppression: effects,
    enhancement: effects,
  };
  const stages: Stages = {
    site: 'post',
    continuation: 'answer',
    maxAnswerTokens: 1,
    neurons: FINDING,
    negatives: null,
    suppress: true,
    enhance: 2,
    unrelated: { rule: 'relation', seed: 42 },
  };

  it('are those of the neurons that they were measured with, and of no others', () => {
    expect(lacks(measured, stages, compared)).toBe(false);
    expect(effectsOf(measured, compared)).toEqual({ suppression: effects, enhancement: effects });
    for (const other of [
      { ...compared, knowledge: [[0, 1]] },
      { ...compared, baseline: [] },
    ] as const) {
      expect(lacks(measured, stages, other)).toBe(true);
      expect(effectsOf(measured, other)).toEqual({});
    }
    expect(lacks(measured, stages, undefined)).toBe(true);
    expect(lacks(counted('a', [7], [7]), { ...stages, suppress: false, enhance: null }, compared)).toBe(
      false,
    );
  });

  it('of earlier neurons go when a line with other neurons comes, and stay when the neurons are the same', () => {
    const line = { uuid: 'a', neurons: [[0, 5]], baseline_neurons: [[1, 1]], suppression: effects } as const;
    const replaced = joinRecords(measured, { ...line, neurons: [[0, 5]], baseline_neurons: [[1, 1]] });
    expect(replaced.suppression).toEqual(effects);
    expect(replaced.enhancement).toBeUndefined();
    expect(replaced.counts).toEqual(measured.counts);
    const other = joinRecords(measured, { ...measured, baseline_neurons: [], enhancement: undefined });
    expect(other.enhancement).toBeUndefined();
    const { enhancement: _, ...rest } = measured;
    expect(joinRecords<FactRecord>(measured, rest).enhancement).toEqual(effects);
  });
});
