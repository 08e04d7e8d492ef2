/** The measure of Dai et al.'s figures on cases worked out by hand, beside the replication's. */
import { describe, expect, it } from 'vitest';
import { measuredChanges } from './measured-changes.js';
import type { FactResult, PromptEffects } from './record.js';
import { relationMeans } from './relation-means.js';
import { relationRatios } from './relation-ratios.js';

const effects = (before: number[], after: number[]): PromptEffects => ({
  pct_change: before.map((p, i) => (p === 0 ? null : (after[i] - p) / p)),
  correct_before: before.map(() => true),
  correct_after: before.map(() => true),
  n_prompts: before.length,
  probability_before: before,
  probability_after: after,
});

interface Measured {
  readonly before: number[];
  readonly related: number[];
  readonly baseline: number[];
  readonly neurons?: number;
}

const result = (relation_name: string, { before, related, baseline, neurons = 1 }: Measured): FactResult => ({
  suppression: {
    related: effects(before, related),
    unrelated: effects([0.5], [0.25]),
    baseline: effects(before, baseline),
  },
  n_refined_neurons: neurons,
  n_unrelated_neurons: 0,
  relation_name,
});

const FACTS = [
  result('P36', { before: [0.8, 0.2], related: [0.4, 0.2], baseline: [0.8, 0.1] }),
  // No neuron: nothing changes, and it counts all the same.
  result('P36', { before: [0.6], related: [0.6], baseline: [0.6], neurons: 0 }),
  result('P30', { before: [0.1, 0], related: [0.2, 0.1], baseline: [0.1, 0] }),
];

describe("a bar of Dai et al.'s figures", () => {
  it('is none where next to nothing was there before, which would be infinitely more now', () => {
    const next = [result('P36', { before: [5e-324], related: [0.5], baseline: [0.5] })];
    expect(relationRatios(next, 'suppression')).toEqual(new Map());
  });

  it("is the mean change by the mean probability, over all prompts of the relation's facts", () => {
    const means = relationRatios(FACTS, 'suppression');
    expect([...means.keys()]).toEqual(['P30', 'P36']);
    // (-0.4 + 0 + 0) / (0.8 + 0.2 + 0.6), and (0 - 0.1 + 0) / 1.6
    expect(means.get('P36')?.related).toBeCloseTo(-0.25, 12);
    expect(means.get('P36')?.baseline).toBeCloseTo(-0.0625, 12);
    expect(means.get('P36')?.unrelated).toBeCloseTo(-0.5, 12);
    expect(means.get('P36')?.facts).toBe(2);
    // A prompt that was at 0 has a change too: (0.1 + 0.1) / 0.1.
    expect(means.get('P30')?.related).toBeCloseTo(2, 12);
    expect(relationRatios(FACTS, 'enhancement').size).toBe(0);
  });

  it("differs from the replication's, which is the mean of ratios and leaves facts without neurons out", () => {
    const facts = FACTS.map(fact => ({ ...fact, n_unrelated_neurons: 1 }));
    // Of the first fact of P36: (-0.5 + 0) / 2, where the ratio of means is -0.4 / 1.
    expect(relationMeans(facts, 'suppression').get('P36')).toMatchObject({ related: -0.25, facts: 1 });
    expect(relationRatios([FACTS[0]], 'suppression').get('P36')?.related).toBeCloseTo(-0.4, 12);
  });
});

describe('the measure of a folder', () => {
  const sides = { related: effects([1], [0.9]), unrelated: effects([1], [1]) };
  const numbered = (facts: readonly FactResult[]) => new Map(facts.map((fact, i) => [`u${i}`, fact]));

  it("is Dai et al.'s where facts have effects of baseline neurons, else the replication's", () => {
    const { relations, overall } = measuredChanges(numbered(FACTS), 'suppression');
    expect(relations.get('P36')?.related).toBeCloseTo(-0.25, 12);
    // (-0.4 + 0.1 + 0.1) / 1.7 over all prompts
    expect(overall?.related).toBeCloseTo(-0.2 / 1.7, 12);
    expect(overall?.facts).toBe(3);
    const without = FACTS.map(fact => ({ ...fact, n_unrelated_neurons: 1, suppression: sides }));
    // The mean over its one fact with neurons.
    expect(measuredChanges(numbered(without), 'suppression').relations.get('P36')?.related).toBeCloseTo(
      -0.1,
      12,
    );
  });

  it('is refused where some facts have them and some have none', () => {
    const mixed = [FACTS[0], { ...FACTS[1], suppression: sides }];
    expect(() => measuredChanges(numbered(mixed), 'suppression')).toThrow(
      '1 of 2 facts have effects of baseline neurons, the others have none',
    );
  });
});
