/** What became of the facts that a run was asked for, whatever it measured. */
import type { FactKey } from '../../dataset/fact.js';

/** A fact that a run leaves out, and why. */
export interface SkippedFact extends FactKey {
  readonly reason: string;
}

/** A fact, or whatever else has a record of its own, whose work failed. */
export interface FailedFact {
  readonly uuid: string;
  readonly relation: string;
  readonly error: string;
}

export interface SelectedFacts {
  readonly selected: number;
  readonly skipped: readonly SkippedFact[];
  readonly failed: readonly FailedFact[];
}
