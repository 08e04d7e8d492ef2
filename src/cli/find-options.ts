import type { AskedMethod } from '../attribution/methods.js';
import { minimumSteps, type Rule } from '../attribution/rules.js';
import { UsageError } from '../errors.js';
import type { CoarseThreshold } from '../neurons/coarse.js';
import type { FindOptions } from '../neurons/find.js';
import type { AttributionOptions } from './options.js';

/** What the replication takes for one fact (its README), and over PARAREL (its pararel_evaluate.py). */
export const SHARE_OF_FACT = 0.5;
export const SHARE_OVER_DATA = 0.3;

/** The replication's. */
const RULE: Rule = 'riemann_endpoints';
const STEPS = 20;
const ADAPTIVE_THRESHOLD = 0.3;

export function findOptions(options: AttributionOptions, defaultShare: number): FindOptions {
  return {
    ...askedMethod(options),
    threshold: coarseThreshold(options),
    share: options.share ?? defaultShare,
  };
}

function askedMethod({ method, rule, steps }: AttributionOptions): AskedMethod {
  if (method !== 'integrated_gradients') {
    const given = rule !== undefined ? '--rule' : steps !== undefined ? '--steps' : undefined;
    if (given === undefined) return { method };
    throw new UsageError(`${given} is of no use with --method ${method}`, 'Leave out one of them.');
  }
  const asked = { method, rule: rule ?? RULE, steps: steps ?? STEPS };
  if (asked.steps >= minimumSteps(asked.rule)) return asked;
  throw new UsageError(
    `--steps: ${asked.rule} takes ${minimumSteps(asked.rule)} or more, not ${asked.steps}`,
  );
}

function coarseThreshold({ threshold, percentile, adaptiveThreshold }: AttributionOptions): CoarseThreshold {
  if (threshold !== undefined) return { kind: 'absolute', value: threshold };
  if (percentile !== undefined) return { kind: 'percentile', value: percentile };
  return { kind: 'adaptive', value: adaptiveThreshold ?? ADAPTIVE_THRESHOLD };
}
