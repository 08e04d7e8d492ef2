/** What a run finds out about one fact, as the journal keeps it and the result files show it. */
import { z } from 'zod';
import type { RecordKind } from '../run/record-kind.js';
import { passesSchema } from './passes-saved.js';
import { silentSchema } from './silent-prompts.js';

const count = z.int().nonnegative();

/** In float32 the probabilities of all tokens add up to 1 but for rounding. */
export const probability = z.number().min(0).max(1.000001);

/** So large a change is no measure of anything, and means of larger ones may be infinite. */
const LARGEST_CHANGE = 1e300;

/** Early versions of the replication go down to -2. */
const change = z.number().min(-2).max(LARGEST_CHANGE);

/**
 * A relative change that can be kept: null where nothing was there before, or so little that it is no measure. An answer of many
 * tokens may have had less than any double.
 */
export function keptChange(change: number): number | null {
  return Math.abs(change) <= LARGEST_CHANGE ? change : null;
}

/**
 * An intervention measured on one fact's prompts, one value a prompt, under the replication's names
 * (EleutherAI, pararel_evaluate.py). `probability_*` are this project's addition.
 */
const promptEffectsSchema = z
  .object({
    /** (after - before) / before, a fraction, as {@link keptChange} has it. */
    pct_change: z.array(change.nullable()),
    /** Whether the answer is the most probable token. */
    correct_before: z.array(z.boolean()),
    correct_after: z.array(z.boolean()),
    n_prompts: count,
    probability_before: z.array(probability).optional(),
    probability_after: z.array(probability).optional(),
  })
  .refine(
    ({ n_prompts, ...lists }) =>
      Object.values(lists).every(list => list === undefined || list.length === n_prompts),
    'Each of its lists has one value a prompt, n_prompts in all',
  )
  .refine(
    ({ probability_before, probability_after }) =>
      (probability_before === undefined) === (probability_after === undefined),
    'Probabilities before go with probabilities after',
  );

const interventionEffectsSchema = z
  .object({
    related: promptEffectsSchema,
    unrelated: promptEffectsSchema,
    /** On the fact's own prompts too, of its baseline neurons (`--protocol dai`). */
    baseline: promptEffectsSchema.optional(),
  })
  .refine(
    ({ baseline, ...own }) =>
      !baseline || [baseline, ...Object.values(own)].every(effects => effects.probability_before),
    'Baseline neurons are compared by probabilities, which some of these lack',
  );

export type PromptEffects = z.infer<typeof promptEffectsSchema>;
export type InterventionEffects = z.infer<typeof interventionEffectsSchema>;

const neuronsSchema = z.array(z.tuple([count, count]));
const promptCountsSchema = z.array(z.tuple([count, count, count]));

/** One line of the journal, of a fact. A later line of the same one adds to the earlier ({@link joinRecords}). */
export const recordSchema = z.object({
  uuid: z.string(),
  /** Where a relation's facts decide together which neurons are shared enough: `[layer, index, prompts]`, as first met. */
  counts: z
    .object({ prompts: count, knowledge: promptCountsSchema, baseline: promptCountsSchema })
    .refine(
      ({ prompts, knowledge, baseline }) => [...knowledge, ...baseline].every(([, , n]) => n <= prompts),
      'No neuron is coarse in more prompts than there are',
    )
    .optional(),
  /** Where neurons were found: absent where no prompt is, and in lines of before they were counted. */
  silent: silentSchema.optional(),
  /** Likewise, by integrated gradients. */
  passes: passesSchema.optional(),
  neurons: neuronsSchema.optional(),
  baseline_neurons: neuronsSchema.optional(),
  suppression: interventionEffectsSchema.optional(),
  enhancement: interventionEffectsSchema.optional(),
});

export type FactRecord = z.infer<typeof recordSchema>;

export const FACT_RECORDS: RecordKind<FactRecord> = { schema: recordSchema, join: joinRecords };

/**
 * What two lines say together. Effects are of the neurons that they were measured with: a line with other neurons takes the
 * place of earlier effects, even of one that it does not measure itself. So does one with neurons where earlier effects have none:
 * the line that had theirs is lost, and these may be others.
 */
export function joinRecords<Line extends FactRecord>(earlier: Line | undefined, later: Line): Line {
  if (!earlier || !haveOtherNeurons(earlier, later)) return { ...earlier, ...later };
  const kept = { ...earlier };
  delete kept.suppression;
  delete kept.enhancement;
  return { ...kept, ...later };
}

function haveOtherNeurons(earlier: FactRecord, later: FactRecord): boolean {
  if (earlier.neurons === undefined) return later.neurons !== undefined;
  const differ = (one?: FactRecord['neurons'], other?: FactRecord['neurons']) =>
    one !== undefined && other !== undefined && JSON.stringify(one) !== JSON.stringify(other);
  return differ(earlier.neurons, later.neurons) || differ(earlier.baseline_neurons, later.baseline_neurons);
}

/** A fact's entry in a result file, this project's or the replication's. */
export const resultSchema = z.looseObject({
  suppression: interventionEffectsSchema.optional(),
  enhancement: interventionEffectsSchema.optional(),
  n_refined_neurons: count,
  n_unrelated_neurons: count,
  relation_name: z.string(),
});

export type FactResult = z.infer<typeof resultSchema>;
