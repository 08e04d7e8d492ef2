import { z } from 'zod';
import { readRequest } from '../run/read-request.js';
import { completeRun, type RunRequest, runShape } from '../run/request.js';
import { UNRELATED_RULES, type UnrelatedRule } from '../run/unrelated.js';
import { DEFAULTS, RANGES } from './defaults.js';

/** What is done to each fact's neurons, and to which other facts that is measured too. */
export interface Interventions {
  readonly suppress: boolean;
  /** The factor to enhance by; null: neurons are not enhanced. */
  readonly enhance: number | null;
  readonly unrelated: UnrelatedRule;
}

/** Finding the neurons of each fact, and intervening on them: `kn evaluate pararel`, and its parts `find`, `suppress`, `enhance`. */
export interface FactsRequest extends RunRequest {
  readonly experiment: 'facts';
  readonly interventions: Interventions;
}

const schema = z.strictObject({
  experiment: z.literal('facts'),
  ...runShape,
  interventions: z
    .strictObject({
      suppress: z.boolean().default(true),
      enhance: z.number().min(RANGES.factor[0]).max(RANGES.factor[1]).nullable().default(DEFAULTS.factor),
      unrelated: z.enum(UNRELATED_RULES).default(DEFAULTS.unrelated),
    })
    .prefault({}),
});

export type FactsRequestInput = z.input<typeof schema>;

/** Of the name of its own results folder, after the model's. */
const SUFFIX = '';

/** @throws UsageError where it is no request of this experiment, or what it asks for does not go together */
export function completeFacts(asked: unknown): FactsRequest {
  return completeRun(readRequest(schema, asked), SUFFIX);
}
