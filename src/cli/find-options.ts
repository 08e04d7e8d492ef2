import { minimumSteps } from '../attribution/rules.js';
import { UsageError } from '../errors.js';
import type { CoarseThreshold } from '../neurons/coarse.js';
import type { FindOptions } from '../neurons/find.js';
import type { AttributionOptions } from './options.js';

/** What the replication takes for one fact (its README), and over PARAREL (its pararel_evaluate.py). */
export const SHARE_OF_FACT = 0.5;
export const SHARE_OVER_DATA = 0.3;

const ADAPTIVE_THRESHOLD = 0.3;

export function findOptions(options: AttributionOptions, defaultShare: number): FindOptions {
  const { rule, steps } = options;
  if (steps < minimumSteps(rule))
    throw new UsageError(`--steps: ${rule} takes ${minimumSteps(rule)} or more, not ${steps}`);
  return { rule, steps, threshold: coarseThreshold(options), share: options.share ?? defaultShare };
}

function coarseThreshold({ threshold, percentile, adaptiveThreshold }: AttributionOptions): CoarseThreshold {
  if (threshold !== undefined) return { kind: 'absolute', value: threshold };
  if (percentile !== undefined) return { kind: 'percentile', value: percentile };
  return { kind: 'adaptive', value: adaptiveThreshold ?? ADAPTIVE_THRESHOLD };
}
