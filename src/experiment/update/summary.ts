/**
 * Updates in numbers. Each is the mean over facts of the mean over a fact's prompts; of perplexity, exp of the mean over
 * facts of log-perplexity, as src/6_edit_knowledge_sampled.py of the authors' code (Hunter-DDM/knowledge-neurons) has it.
 */
import type { FactKey } from '../../dataset/fact.js';
import { inRelationOrder } from '../../dataset/relation-order.js';
import { mean } from '../../mean.js';
import type { CountedInFinding } from '../facts/counted-in-finding.js';
import type { FailedFact, SelectedFacts, SkippedFact } from '../run/outcome.js';
import { type PerplexityChange, perplexityChange } from '../run/perplexity.js';
import { type Column, type DataTable, dataTable } from '../run/shown.js';
import type { MeasuredUpdate, UpdateRecord } from './record.js';

/** Which neurons were edited: the fact's own, or as many random ones. */
export const EDITED_NEURONS = ['knowledge', 'random'] as const;
export type EditedNeurons = (typeof EDITED_NEURONS)[number];

export interface DoneUpdate {
  readonly fact: FactKey;
  readonly update: UpdateRecord;
}

/** update.json. */
export interface UpdateSummary extends CountedInFinding {
  readonly model: string;
  readonly facts: SelectedFacts & { readonly updated: number };
  /** Edited, on average. */
  readonly neuronsPerFact: number;
  /** Null where no fact was updated. */
  readonly overFacts: EffectsOfUpdates | null;
  readonly relations: Readonly<Record<string, EffectsOfUpdates>>;
}

export type EffectsOfUpdates = Readonly<Record<EditedNeurons, UpdateEffect>>;

interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

export interface UpdateEffect {
  readonly facts: number;
  /** Share of the prompts answered before that are not after; null where none was. */
  readonly changeRate: number | null;
  /** Share of the prompts after which the target is the most probable. */
  readonly successRate: number;
  readonly answerProbability: BeforeAfter;
  readonly targetProbability: BeforeAfter;
  /** Of a target of several tokens the worst of theirs. */
  readonly targetRank: BeforeAfter;
  readonly targetReciprocalRank: BeforeAfter;
  /** Of facts of the same relation and of others; null where there were none. */
  readonly same: PerplexityChange | null;
  readonly other: PerplexityChange | null;
}

export function summarizeUpdates(
  model: string,
  selected: number,
  updates: readonly DoneUpdate[],
  skipped: readonly SkippedFact[],
  failed: readonly FailedFact[],
  counted: CountedInFinding = {},
): UpdateSummary {
  const relations = inRelationOrder(new Set(updates.map(({ fact }) => fact.relation)));
  return {
    model,
    facts: { selected, updated: updates.length, skipped, failed },
    neuronsPerFact: updates.length === 0 ? 0 : mean(updates.map(({ update }) => update.neurons.length)),
    overFacts: updates.length === 0 ? null : effectsOf(updates),
    relations: Object.fromEntries(
      relations.map(relation => [
        relation,
        effectsOf(updates.filter(({ fact }) => fact.relation === relation)),
      ]),
    ),
    ...counted,
  };
}

const effectsOf = (updates: readonly DoneUpdate[]): EffectsOfUpdates => ({
  knowledge: effectOf(updates, 'knowledge'),
  random: effectOf(updates, 'random'),
});

function effectOf(updates: readonly DoneUpdate[], edited: EditedNeurons): UpdateEffect {
  const pairs = updates.flatMap(({ update: { measured } }) =>
    measured ? [{ before: measured.before, after: measured[edited] }] : [],
  );
  const beforeAfter = (of: (measured: MeasuredUpdate) => number): BeforeAfter => ({
    before: mean(pairs.map(({ before }) => of(before))),
    after: mean(pairs.map(({ after }) => of(after))),
  });
  const changes = pairs.flatMap(({ before, after }) => changeRate(before, after) ?? []);
  return {
    facts: pairs.length,
    changeRate: changes.length === 0 ? null : mean(changes),
    successRate: mean(pairs.map(({ after }) => shareFirst(after.target.rank))),
    answerProbability: beforeAfter(({ answer }) => mean(answer.probability)),
    targetProbability: beforeAfter(({ target }) => mean(target.probability)),
    targetRank: beforeAfter(({ target }) => mean(target.rank)),
    targetReciprocalRank: beforeAfter(({ target }) => mean(target.rank.map(rank => 1 / rank))),
    same: perplexityOf(pairs, 'same'),
    other: perplexityOf(pairs, 'other'),
  };
}

/** Of one fact: the share of the prompts answered before that are not after; undefined where none was. */
function changeRate(before: MeasuredUpdate, after: MeasuredUpdate): number | undefined {
  const ranks = after.answer.rank.filter((_, i) => before.answer.rank[i] === 1);
  return ranks.length === 0 ? undefined : 1 - shareFirst(ranks);
}

const shareFirst = (ranks: readonly number[]) => ranks.filter(rank => rank === 1).length / ranks.length;

function perplexityOf(
  pairs: readonly Readonly<Record<'before' | 'after', MeasuredUpdate>>[],
  facts: 'same' | 'other',
): PerplexityChange | null {
  const both = pairs.flatMap(pair => {
    const [before, after] = [pair.before[facts], pair.after[facts]];
    return before && after ? [{ before: before.log_perplexity, after: after.log_perplexity }] : [];
  });
  if (both.length === 0) return null;
  return perplexityChange(mean(both.map(({ before }) => before)), mean(both.map(({ after }) => after)));
}

type UpdateRow = DoneUpdate & { readonly effects: EffectsOfUpdates };

const UPDATE_COLUMNS: readonly Column<UpdateRow>[] = [
  ['uuid', ({ fact }) => fact.uuid],
  ['relation', ({ fact }) => fact.relation],
  ['subject', ({ fact }) => fact.subject],
  ['answer', ({ fact }) => fact.object],
  ['target', ({ update }) => update.target],
  ['neurons', ({ update }) => update.neurons.length],
  ['prompts', ({ update }) => update.measured?.before.answer.rank.length],
  ['answer_probability_before', ({ effects }) => effects.knowledge.answerProbability.before],
  ['target_probability_before', ({ effects }) => effects.knowledge.targetProbability.before],
  ['target_rank_before', ({ effects }) => effects.knowledge.targetRank.before],
  ['same_log_perplexity_before', ({ effects }) => effects.knowledge.same?.logPerplexity.before],
  ['other_log_perplexity_before', ({ effects }) => effects.knowledge.other?.logPerplexity.before],
  ...EDITED_NEURONS.flatMap(columnsOf),
];

function columnsOf(edited: EditedNeurons): readonly Column<UpdateRow>[] {
  return [
    [`${edited}_change_rate`, ({ effects }) => effects[edited].changeRate],
    [`${edited}_success_rate`, ({ effects }) => effects[edited].successRate],
    [`${edited}_answer_probability`, ({ effects }) => effects[edited].answerProbability.after],
    [`${edited}_target_probability`, ({ effects }) => effects[edited].targetProbability.after],
    [`${edited}_target_rank`, ({ effects }) => effects[edited].targetRank.after],
    [`${edited}_same_log_perplexity`, ({ effects }) => effects[edited].same?.logPerplexity.after],
    [`${edited}_other_log_perplexity`, ({ effects }) => effects[edited].other?.logPerplexity.after],
  ];
}

/** update.csv: a row a fact. Empty fields where nothing was measured; log-perplexities in nats. */
export function updateData(updates: readonly DoneUpdate[]): DataTable {
  return dataTable(
    UPDATE_COLUMNS,
    updates.map(done => ({ ...done, effects: effectsOf([done]) })),
  );
}
