/** What changing one fact is asked: `kn erase` and `kn edit` make it of their options. */
import { z } from 'zod';
import { METHODS, PATHS } from '../attribution/methods.js';
import { RULES } from '../attribution/rules.js';
import { RANGES } from '../experiment/run/defaults.js';
import { whole } from '../experiment/run/request.js';
import {
  EDIT_RULES,
  type EditRule,
  ERASE_VALUES,
  type EraseValue,
  type Lambdas,
} from '../intervention/value-rules.js';
import { CONTINUATIONS, type Continuation } from '../model/continuation-names.js';
import { SITES, type Site } from '../model/language-model.js';
import type { Neuron } from '../neurons/neuron.js';
import type { RefinedOptions } from './options.js';

export type AskedChange =
  | { readonly change: 'erase'; readonly value: EraseValue }
  | { readonly change: 'edit'; readonly to: string; readonly rule: EditRule; readonly lambdas: Lambdas };

export interface ChangeRequest {
  readonly change: AskedChange;
  /** One or more. */
  readonly prompts: readonly string[];
  /** That the prompts have now. */
  readonly answer: string;
  /** The fact in other words, for measuring alone. */
  readonly otherPrompts: readonly string[];
  /** The fact's neurons, or how they are found. */
  readonly neurons: readonly Neuron[] | RefinedOptions;
  readonly asking: { readonly site: Site; readonly continuation: Continuation };
  /** So many facts of a data set that share no name with the fact; null for none. */
  readonly unrelated: { readonly data: string; readonly count: number; readonly seed: number } | null;
  /** Where the changed model is written; null: nowhere. */
  readonly save: string | null;
}

const text = z.string().min(1);
const index = z.int().nonnegative();
const lambda = z.number().min(-1e6).max(1e6);

const changes = z.discriminatedUnion('change', [
  z.strictObject({ change: z.literal('erase'), value: z.enum(ERASE_VALUES) }),
  z.strictObject({
    change: z.literal('edit'),
    to: text,
    rule: z.enum(EDIT_RULES),
    lambdas: z.strictObject({ lambda1: lambda, lambda2: lambda }),
  }),
]);

const method = z.union([
  z.strictObject({
    method: z.literal('integrated_gradients').exactOptional(),
    rule: z.enum(RULES),
    steps: whole(RANGES.steps),
    path: z.enum(PATHS).exactOptional(),
  }),
  z.strictObject({ method: z.enum(METHODS).exclude(['integrated_gradients']) }),
]);

const finding = z.strictObject({
  method: method.exactOptional(),
  threshold: z
    .strictObject({
      kind: z.enum(['adaptive', 'absolute', 'percentile']),
      value: z.number(),
      inclusive: z.boolean().exactOptional(),
    })
    .exactOptional(),
  share: z.number().min(RANGES.share[0]).lt(RANGES.share[1]).exactOptional(),
  inclusive: z.boolean().exactOptional(),
  leastPrompts: z.int().positive().exactOptional(),
  negativePrompts: z.array(text).readonly().exactOptional(),
});

export const changeSchema: z.ZodType<ChangeRequest> = z.strictObject({
  change: changes,
  prompts: z.array(text).min(1).readonly(),
  answer: text,
  otherPrompts: z.array(text).readonly(),
  neurons: z.union([z.array(z.tuple([index, index]).readonly()).readonly(), finding]),
  asking: z.strictObject({ site: z.enum(SITES), continuation: z.enum(CONTINUATIONS) }),
  unrelated: z.strictObject({ data: text, count: z.int().positive(), seed: whole(RANGES.seed) }).nullable(),
  save: text.nullable(),
});
