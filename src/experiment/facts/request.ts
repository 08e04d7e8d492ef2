import { z } from 'zod';
import { UsageError } from '../../errors.js';
import { PROTOCOL_DEFAULTS } from '../run/protocols.js';
import { readRequest } from '../run/read-request.js';
import { between, completeRun, type RunRequest, runShape } from '../run/request.js';
import { DEFAULTS, RANGES, SUFFIX } from './defaults.js';
import { UNRELATED_RULES, type UnrelatedRule } from './unrelated.js';

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
      enhance: between(RANGES.factor).nullable().default(DEFAULTS.factor),
      unrelated: z.enum(UNRELATED_RULES).default(DEFAULTS.unrelated),
    })
    .prefault({}),
});

export type FactsRequestInput = z.input<typeof schema>;

/** @throws UsageError where it is no request of this experiment, or what it asks for does not go together */
export function completeFacts(asked: unknown): FactsRequest {
  const request = completeRun(readRequest(schema, asked), SUFFIX);
  if ('given' in request.neurons && PROTOCOL_DEFAULTS[request.protocol].baseline)
    throw new UsageError(
      `--neurons: --protocol ${request.protocol} finds its neurons itself, and baseline neurons to compare them with`,
      'Leave out one of them.',
    );
  return request;
}
