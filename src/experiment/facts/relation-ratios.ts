/**
 * What the bars of the ACL version's Figures 4 and 5 show, as Dai et al.'s code computes it: over all prompts of all facts of
 * a relation, the mean change of the answer's probability by the mean probability before (src/3_modify_activation.py,
 * lines 304 to 310), for knowledge neurons beside baseline neurons (src/8_plot_fig_erase_enhance.py, lines 26 to 33). Facts
 * without neurons count: nothing changes there (src/3_modify_activation.py, line 225).
 */
import { inRelationOrder } from '../../dataset/relation-order.js';
import { groupBy } from '../../group-by.js';
import { type FactResult, keptChange, type PromptEffects } from './record.js';
import type { InterventionName, MeanChange } from './relation-means.js';

/** A relation's change, for every relation with a fact that was measured, in PARAREL's order. */
export function relationRatios(
  results: Iterable<FactResult>,
  intervention: InterventionName,
): Map<string, MeanChange> {
  const byRelation = groupBy(results, ({ relation_name }) => relation_name);
  return new Map(
    inRelationOrder(byRelation.keys()).flatMap(relation => {
      const change = overallRatio(byRelation.get(relation) ?? [], intervention);
      return change ? [[relation, change] as const] : [];
    }),
  );
}

/** The change over all facts; undefined where none was measured. */
export function overallRatio(
  results: Iterable<FactResult>,
  intervention: InterventionName,
): MeanChange | undefined {
  const effects = [...results].flatMap(result => result[intervention] ?? []);
  const related = ratioOfMeans(effects.map(({ related }) => related));
  const baseline = ratioOfMeans(effects.flatMap(({ baseline }) => baseline ?? []));
  if (related === undefined || baseline === undefined) return undefined;
  const unrelated = ratioOfMeans(effects.map(({ unrelated }) => unrelated)) ?? 0;
  return { related, unrelated, baseline, facts: effects.length };
}

/** mean(after - before) / mean(before) over all prompts; undefined where there is none, or all are next to 0 before. */
function ratioOfMeans(effects: readonly PromptEffects[]): number | undefined {
  const before = effects.flatMap(({ probability_before = [] }) => probability_before);
  const after = effects.flatMap(({ probability_after = [] }) => probability_after);
  const whole = before.reduce((sum, probability) => sum + probability, 0);
  const change = after.reduce((sum, probability, i) => sum + (probability - before[i]), 0);
  return keptChange(change / whole) ?? undefined;
}
