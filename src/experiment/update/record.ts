/** What is measured of one fact while its neurons' values are edited, as the journal keeps it. */
import { z } from 'zod';
import { joinRecords, probability, recordSchema } from '../facts/record.js';
import { askedSetSchema } from '../run/perplexity.js';
import type { RecordKind } from '../run/record-kind.js';

const count = z.int().nonnegative();

/**
 * How an answer stands on the fact's own prompts, one value a prompt; of an answer of several tokens the product of their
 * probabilities, and the worst of their ranks.
 */
const standingsSchema = z
  .object({ probability: z.array(probability), rank: z.array(z.int().positive()) })
  .refine(({ probability, rank }) => probability.length === rank.length, 'As many ranks as probabilities');

const measuredSchema = z.object({
  /** Of the fact's own answer, and of the one that it is to have. */
  answer: standingsSchema,
  target: standingsSchema,
  /** Facts of the same relation, and of others; null where there are none. */
  same: askedSetSchema.nullable(),
  other: askedSetSchema.nullable(),
});

export const updateSchema = z.object({
  target: z.string(),
  /** Those whose values were edited. */
  neurons: z.array(z.tuple([count, count])),
  /** Null where the model answers none of the prompts correctly, and that was asked for. */
  measured: z
    .object({
      before: measuredSchema,
      /** With the fact's neurons edited, and with as many random ones. */
      knowledge: measuredSchema,
      random: measuredSchema,
    })
    .nullable(),
});

export type UpdateRecord = z.infer<typeof updateSchema>;
export type MeasuredUpdate = z.infer<typeof measuredSchema>;
export type AnswerStandings = z.infer<typeof standingsSchema>;

const lineSchema = recordSchema.extend({ update: updateSchema.optional() });

/** One line of the journal: what finds a fact's neurons, or measures its update. */
export type UpdateLine = z.infer<typeof lineSchema>;

export const UPDATE_RECORDS: RecordKind<UpdateLine> = { schema: lineSchema, join: joinRecords };
