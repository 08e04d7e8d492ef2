/**
 * What a run's figures and summary show of an intervention, by the measures of the protocol that made the results: the
 * replication's, or Dai et al.'s, whose results have effects of baseline neurons.
 */
import { UserError } from '../../errors.js';
import type { FactResult } from './record.js';
import { type InterventionName, type MeanChange, overallMean, relationMeans } from './relation-means.js';
import { overallRatio, relationRatios } from './relation-ratios.js';
import type { ResultsOfFacts } from './results-file.js';

export interface MeasuredChanges {
  /** By relation, in PARAREL's order. */
  readonly relations: ReadonlyMap<string, MeanChange>;
  readonly overall: MeanChange | undefined;
}

/** @throws UserError where some facts have baseline effects and others have none */
export function measuredChanges(results: ResultsOfFacts, intervention: InterventionName): MeasuredChanges {
  const facts = [...results.values()].filter(result => result[intervention]);
  return haveBaselines(facts, intervention)
    ? { relations: relationRatios(facts, intervention), overall: overallRatio(facts, intervention) }
    : { relations: relationMeans(facts, intervention), overall: overallMean(facts, intervention) };
}

function haveBaselines(facts: readonly FactResult[], intervention: InterventionName): boolean {
  const having = facts.filter(result => result[intervention]?.baseline).length;
  if (having === 0 || having === facts.length) return having > 0;
  throw new UserError(
    `${having} of ${facts.length} facts have effects of baseline neurons, the others have none`,
    'Keep the results of --protocol dai and of --protocol eleutherai in folders of their own.',
  );
}
