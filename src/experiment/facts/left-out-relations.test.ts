/** `--protocol dai`: relations of three templates or fewer are in none of the means, as in Dai et al.'s data. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FactKey } from '../../dataset/fact.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { findingOverData } from '../run/finding.js';
import { Journal } from '../run/journal.js';
import { FACT_RECORDS, type FactRecord, type PromptEffects } from './record.js';
import { finishFacts } from './results.js';
import { showFacts } from './shown.js';
import type { Stages } from './stages.js';
import type { Summary } from './summary.js';

const FINDING = findingOverData(
  {
    method: 'integrated_gradients',
    rule: 'riemann_left',
    steps: 20,
    threshold: { kind: 'adaptive', value: 0.2 },
    share: 0.7,
  },
  'dai',
);
const STAGES: Stages = {
  ...{ site: 'post', continuation: 'answer', maxAnswerTokens: 1, neurons: FINDING, negatives: null },
  ...{ suppress: true, enhance: null, unrelated: { rule: 'relation', seed: 42 } },
};

/** By relation: the prompts of its one fact, and the probability after suppressing, of 0.5 before. */
type Relations = Readonly<
  Record<string, { readonly prompts: number; readonly after: number; readonly neurons: number }>
>;

const THE_FIVE: Relations = {
  P36: { prompts: 9, after: 0.25, neurons: 4 },
  P30: { prompts: 4, after: 0.4, neurons: 2 },
  P131: { prompts: 3, after: 0.05, neurons: 2 },
  P361: { prompts: 2, after: 0.5, neurons: 0 },
  P1001: { prompts: 1, after: 0.5, neurons: 0 },
};

const effects = (prompts: number, after: number): PromptEffects => ({
  pct_change: Array(prompts).fill(after / 0.5 - 1),
  correct_before: Array(prompts).fill(true),
  correct_after: Array(prompts).fill(true),
  n_prompts: prompts,
  probability_before: Array(prompts).fill(0.5),
  probability_after: Array(prompts).fill(after),
});

/** What comes out of a journal that has a fact of each relation. */
async function finished(relations: Relations, stages = STAGES): Promise<Summary> {
  const facts = Object.keys(relations).map(
    (relation): FactKey => ({ uuid: `of-${relation}`, relation, subject: 's', object: 'o' }),
  );
  const journal = await Journal.open(join(temporaryFolder(), 'journal.jsonl'), FACT_RECORDS);
  for (const [relation, { prompts, after, neurons: count }] of Object.entries(relations)) {
    const neurons = Array.from({ length: count }, (_, index): [number, number] => [0, index]);
    const counts = neurons.map(([layer, index]): [number, number, number] => [layer, index, prompts]);
    const related = effects(prompts, after);
    const record: FactRecord = {
      uuid: `of-${relation}`,
      counts: { prompts, knowledge: counts, baseline: counts },
      ...(stages.suppress && {
        ...{ neurons, baseline_neurons: neurons },
        suppression: { related, unrelated: effects(prompts, 0.5), baseline: related },
      }),
    };
    journal.append(record);
  }
  const unrelated = new Map(facts.map(({ uuid }, i) => [uuid, facts[(i + 1) % facts.length]]));
  const run = { facts, skipped: [], stages, model: 'demo', unrelated, failed: [] };
  const { summary } = finishFacts(run, journal);
  journal.close();
  return summary;
}

const textOf = (summary: Summary) => JSON.stringify(showFacts(summary, true, []).text);

describe('relations of three templates or fewer', () => {
  it('are in no mean of changes, of knowledge neurons or of the baseline, and are named', async () => {
    const summary = await finished(THE_FIVE);
    expect(summary.leftOutOfMeans).toEqual(['P131', 'P361', 'P1001']);
    // P36 changes by -0.5, P30 by -0.2.
    const mean = summary.suppression?.overRelations;
    expect(mean?.related).toBeCloseTo(-0.35, 12);
    expect(mean?.baseline).toBeCloseTo(-0.35, 12);
    expect(mean?.facts).toBe(2);
    // Over all 13 prompts of these two: (9 * -0.25 + 4 * -0.1) / (13 * 0.5).
    expect(summary.suppression?.overFacts?.related).toBeCloseTo(-2.65 / 6.5, 12);
    expect(summary.neuronsPerFact).toBe(3);
    const text = textOf(summary);
    expect(text).toContain('3 templates or fewer: P131, P361, P1001"');
    expect(text).toContain('["suppressing","-35.0%","-35.0%","0.0%","2"');
  });

  it('keep their own rows and bars', async () => {
    const summary = await finished(THE_FIVE);
    expect(Object.keys(summary.suppression?.relations ?? {})).toHaveLength(5);
    expect(summary.suppression?.relations.P131.related).toBeCloseTo(-0.9, 12);
    const { data, figures } = showFacts(summary, true, []);
    expect(figures.get('figure3')?.relations.size).toBe(5);
    const column = data?.columns.indexOf('templates') ?? -1;
    expect(data?.rows.map(row => [row[0], row[column]])).toEqual([
      ['P36', 9],
      ['P30', 4],
      ['P131', 3],
      ['P361', 2],
      ['P1001', 1],
    ]);
  });

  it('leave no mean where there are no others, rather than one of 0', async () => {
    const { P361, P1001 } = THE_FIVE;
    const summary = await finished({ P361, P1001 });
    expect(summary.suppression).toMatchObject({ overRelations: null, overFacts: null });
    expect(summary.neuronsPerFact).toBeNull();
    expect(textOf(summary)).toContain('3 templates or fewer: P361, P1001');
    expect(textOf(summary)).not.toContain('suppressing');
  });

  it('are left out of the mean number of neurons too where nothing but neurons is found', async () => {
    const summary = await finished(THE_FIVE, { ...STAGES, suppress: false, unrelated: null });
    expect(summary).toMatchObject({ neuronsPerFact: 3, suppression: null });
    expect(summary.leftOutOfMeans).toHaveLength(3);
  });

  it('are not spoken of where all have more', async () => {
    const { P36, P30 } = THE_FIVE;
    const summary = await finished({ P36, P30 });
    expect(summary.leftOutOfMeans).toEqual([]);
    expect(textOf(summary)).not.toContain('templates');
  });
});
