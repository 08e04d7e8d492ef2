/** What a run finds out about one fact, as the journal keeps it and the result files show it. */
import { z } from 'zod';
import { erasureSchema } from './erasure-record.js';
import { updateSchema } from './update-record.js';

const count = z.int().nonnegative();

/**
 * An intervention measured on one fact's prompts, one value a prompt, under the replication's names
 * (EleutherAI, pararel_evaluate.py). `probability_*` are this project's addition.
 */
const promptEffectsSchema = z.object({
  /** (after - before) / before, a fraction; null where the probability before is 0 in float32. */
  pct_change: z.array(z.number().nullable()),
  /** Whether the answer is the most probable token. */
  correct_before: z.array(z.boolean()),
  correct_after: z.array(z.boolean()),
  n_prompts: count,
  probability_before: z.array(z.number()).optional(),
  probability_after: z.array(z.number()).optional(),
});

const interventionEffectsSchema = z.object({ related: promptEffectsSchema, unrelated: promptEffectsSchema });

export type PromptEffects = z.infer<typeof promptEffectsSchema>;
export type InterventionEffects = z.infer<typeof interventionEffectsSchema>;

/** One line of the journal, of a fact or, for an erasure, of a relation. A later line of the same one adds to the earlier. */
export const recordSchema = z.object({
  uuid: z.string(),
  neurons: z.array(z.tuple([count, count])).optional(),
  suppression: interventionEffectsSchema.optional(),
  enhancement: interventionEffectsSchema.optional(),
  update: updateSchema.optional(),
  erasure: erasureSchema.optional(),
});

export type FactRecord = z.infer<typeof recordSchema>;

/** A fact's entry in a result file, this project's or the replication's. */
export const resultSchema = z.looseObject({
  suppression: interventionEffectsSchema.optional(),
  enhancement: interventionEffectsSchema.optional(),
  n_refined_neurons: count,
  n_unrelated_neurons: count,
  relation_name: z.string(),
});

export type FactResult = z.infer<typeof resultSchema>;
