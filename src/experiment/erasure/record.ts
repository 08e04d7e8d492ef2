/** What is measured of one relation while its neurons' values are erased, as the journal keeps it. */
import { z } from 'zod';
import { askedSetSchema } from '../run/perplexity.js';

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
