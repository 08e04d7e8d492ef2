/** What is measured of one relation while its neurons' values are erased, as the journal keeps it. */
import { z } from 'zod';
import { joinRecords, recordSchema } from '../facts/record.js';
import { askedSetSchema } from '../run/perplexity.js';
import type { RecordKind } from '../run/record-kind.js';

const count = z.int().nonnegative();

const measuredSchema = z.object({
  /** Facts of the relation itself. */
  own: askedSetSchema,
  /** Facts of all others; null where there are none. */
  others: askedSetSchema.nullable(),
});

export const erasureSchema = z.object({
  /** Those whose values were erased. */
  neurons: z.array(z.tuple([count, count])),
  before: measuredSchema,
  after: measuredSchema,
});

export type ErasureRecord = z.infer<typeof erasureSchema>;
export type MeasuredErasure = z.infer<typeof measuredSchema>;

const lineSchema = recordSchema.extend({ erasure: erasureSchema.optional() });

/** One line of the journal: what finds a fact's neurons, or measures the erasure of a relation, in a fact's place. */
export type ErasureLine = z.infer<typeof lineSchema>;

export const ERASURE_RECORDS: RecordKind<ErasureLine> = { schema: lineSchema, join: joinRecords };
