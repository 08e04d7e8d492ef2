/**
 * What the bars of Figures 3 and 4 show, as the replication's plot_pararel_results.py computes it: the mean over
 * a relation's facts of the mean over a fact's prompts of pct_change. Facts are left out where they or their
 * unrelated partner have no refined neuron.
 */
import { inRelationOrder } from '../../dataset/relation-order.js';
import { groupBy } from '../../group-by.js';
import { mean, meanIfAny } from '../../mean.js';
import type { FactResult, InterventionEffects } from './record.js';

export type InterventionName = 'suppression' | 'enhancement';

/** A fraction: -0.37 is "37% less". */
export interface MeanChange {
  readonly related: number;
  readonly unrelated: number;
  /** Of baseline neurons on the facts' own prompts, where they were measured. */
  readonly baseline?: number;
  /** How many facts it is the mean of. */
  readonly facts: number;
}

/** A relation's mean change, for every relation that has a fact that counts, in PARAREL's order. */
export function relationMeans(
  results: Iterable<FactResult>,
  intervention: InterventionName,
): Map<string, MeanChange> {
  const byRelation = groupBy(results, ({ relation_name }) => relation_name);
  return new Map(
    inRelationOrder(byRelation.keys()).flatMap(relation => {
      const change = overallMean(byRelation.get(relation) ?? [], intervention);
      return change ? [[relation, change] as const] : [];
    }),
  );
}

/** The mean change over all facts that count; undefined where none does. */
export function overallMean(
  results: Iterable<FactResult>,
  intervention: InterventionName,
): MeanChange | undefined {
  const changes = [...results].flatMap(result => factChange(result, intervention) ?? []);
  return changes.length === 0 ? undefined : meanOfChanges(changes);
}

/** The mean over relations, each counting alike; undefined where there is none. */
export function meanOverRelations(means: ReadonlyMap<string, MeanChange>): MeanChange | undefined {
  if (means.size === 0) return undefined;
  const facts = [...means.values()].reduce((sum, { facts }) => sum + facts, 0);
  return { ...meanOfChanges([...means.values()]), facts };
}

function factChange(result: FactResult, intervention: InterventionName): MeanChange | undefined {
  const effects: InterventionEffects | undefined = result[intervention];
  if (!effects || result.n_refined_neurons === 0 || result.n_unrelated_neurons === 0) return undefined;
  const related = meanIfAny(defined(effects.related.pct_change));
  if (related === null) return undefined;
  return { related, unrelated: meanIfAny(defined(effects.unrelated.pct_change)) ?? 0, facts: 1 };
}

function meanOfChanges(changes: readonly MeanChange[]): MeanChange {
  const baseline = meanIfAny(changes.flatMap(({ baseline }) => baseline ?? []));
  return {
    related: mean(changes.map(({ related }) => related)),
    unrelated: mean(changes.map(({ unrelated }) => unrelated)),
    ...(baseline !== null && { baseline }),
    facts: changes.reduce((sum, { facts }) => sum + facts, 0),
  };
}

function defined(values: readonly (number | null)[]): number[] {
  return values.filter(value => value !== null);
}
