import type { z } from 'zod';

/** One line of a journal: what was found out about a fact, or about whatever else has a record of its own. */
export interface JournalRecord {
  readonly uuid: string;
  /** Where neurons were found: passes that were done, and those that every step of the rule takes. */
  readonly passes?: { readonly done: number; readonly of_rule: number } | undefined;
}

/** The lines of one experiment's journal: what each may hold, and what two of one fact say together. */
export interface RecordKind<Line extends JournalRecord> {
  readonly schema: z.ZodType<Line>;
  readonly join: (earlier: Line | undefined, later: Line) => Line;
}
