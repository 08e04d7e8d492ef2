import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { EDIT_RULES, type EditRule, LAMBDAS, type Lambdas } from '../../intervention/value-rules.js';
import { readRequest } from '../run/read-request.js';
import { between, completeRun, type RunRequest, runShape, whole } from '../run/request.js';
import { DEFAULTS, RANGES, SHARED_RULES, type SharedRule, SUFFIX } from './defaults.js';

/** Which facts are updated, and how. */
export interface AskedUpdates {
  readonly editRule: EditRule;
  /** Of the old answer, taken away, and of the new one, added. */
  readonly lambda1: number;
  readonly lambda2: number;
  /** In a relation. */
  readonly updates: number;
  /** Neurons that more than this share of the relation's other facts have too are left alone. */
  readonly shared: number;
  /** Perplexity is measured on so many facts of the same relation, and of others. */
  readonly measured: number;
  /** Facts and prompts that the model does not answer correctly count too. */
  readonly wrongToo: boolean;
}

/** Editing facts' neurons, and measuring it: `kn evaluate update`. */
export interface UpdateRequest extends RunRequest {
  readonly experiment: 'update';
  readonly update: AskedUpdates;
}

const lambda = between(RANGES.lambda);

const schema = z.strictObject({
  experiment: z.literal('update'),
  ...runShape,
  update: z
    .strictObject({
      editRule: z.enum(EDIT_RULES).default(DEFAULTS.editRule),
      lambda1: lambda.optional(),
      lambda2: lambda.optional(),
      updates: whole(RANGES.updates).default(DEFAULTS.updates),
      shared: between(RANGES.shared).default(DEFAULTS.shared),
      measured: whole(RANGES.measured).default(DEFAULTS.measured),
      wrongToo: z.boolean().default(DEFAULTS.wrongToo),
    })
    .prefault({}),
});

export type UpdateRequestInput = z.input<typeof schema>;

/** @throws UsageError where it is no request of this experiment, or what it asks for does not go together */
export function completeUpdate(asked: unknown): UpdateRequest {
  const { update, ...run } = completeRun(readRequest(schema, asked), SUFFIX);
  const usual = LAMBDAS[update.editRule];
  const { editRule, lambda1 = usual.lambda1, lambda2 = usual.lambda2, ...rest } = update;
  return { ...run, update: { editRule, lambda1, lambda2, ...rest } };
}

/** Whether facts are updated as in section 5.1 of Dai et al., and measured as there: that is what every default is. */
export function updatesAsInPaper({ update }: UpdateRequest): boolean {
  return isDeepStrictEqual(update, completeUpdate({ experiment: 'update' }).update);
}

/** What decides the numbers of an update. */
export interface UpdateDesign {
  readonly rule: EditRule;
  readonly lambdas: Lambdas;
  /** Facts updated in a relation, at the most. */
  readonly perRelation: number;
  /** Neurons that more than this share of the relation's facts have are left alone; which facts count is the rule's. */
  readonly shared: number;
  readonly sharedRule: SharedRule;
  /** Facts of the same relation, and as many of others, that perplexity is measured on. */
  readonly measured: number;
  /** Only what the model answers correctly is updated. */
  readonly onlyCorrect: boolean;
  readonly seed: number;
}

export function designOf({ update, controls, protocol }: UpdateRequest): UpdateDesign {
  const { editRule: rule, lambda1, lambda2, updates: perRelation, shared, measured, wrongToo } = update;
  return {
    rule,
    lambdas: { lambda1, lambda2 },
    perRelation,
    shared,
    sharedRule: SHARED_RULES[protocol],
    measured,
    onlyCorrect: !wrongToo,
    seed: controls.seed,
  };
}
