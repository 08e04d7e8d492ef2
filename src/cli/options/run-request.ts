/** What the options of a run over a data set mean: the parts of its request that every experiment has. */

import { DEFAULTS } from '../../experiment/run/defaults.js';
import type { AskedFinding } from '../../experiment/run/finding.js';
import type { DataRunOptions } from './data-run-options.js';
import { refuseIdleFinding } from './idle-options.js';
import type { AttributionOptions } from './options.js';

/** @throws UsageError where options do not go together */
export function runRequest(options: DataRunOptions) {
  const { relations, limit, facts, maxAnswerTokens, negatives, seed } = options;
  const { protocol = DEFAULTS.protocol } = options;
  const finding = askedFinding(options);
  refuseIdleFinding(options, 'data');
  return {
    model: { id: options.model, revision: options.revision },
    data: {
      name: options.data,
      relations: relations ? [...relations] : null,
      limit: limit ?? null,
      facts: facts ? [...facts] : null,
      maxAnswerTokens: maxAnswerTokens ?? null,
    },
    asking: { site: options.site ?? null, continuation: options.continuation },
    protocol,
    neurons: options.neurons === undefined ? finding : { given: options.neurons },
    controls: { negatives: negatives ?? null, seed },
    devices: {
      engine: options.engine,
      devices: options.devices ? [...options.devices] : null,
      workers: options.workers ?? null,
      threads: options.threads ?? null,
      batchMemory: options.batchMemory ?? null,
    },
    results: { folder: options.results, fresh: options.fresh ?? false },
  };
}

/** How neurons are found, as far as options say. */
export function askedFinding(options: AttributionOptions): AskedFinding {
  const { method, rule, steps, path, share } = options;
  return { method, rule, steps, path, share, threshold: askedThreshold(options) };
}

function askedThreshold({
  threshold,
  percentile,
  adaptiveThreshold,
}: AttributionOptions): AskedFinding['threshold'] {
  if (threshold !== undefined) return { kind: 'absolute', value: threshold };
  if (percentile !== undefined) return { kind: 'percentile', value: percentile };
  return adaptiveThreshold === undefined ? undefined : { kind: 'adaptive', value: adaptiveThreshold };
}
