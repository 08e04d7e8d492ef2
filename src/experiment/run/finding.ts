/** How neurons are found: what a request says, and what its protocol adds. */
import type { AskedMethod, Method, Path } from '../../attribution/methods.js';
import { minimumSteps, type Rule } from '../../attribution/rules.js';
import { UsageError } from '../../errors.js';
import type { CoarseThreshold } from '../../neurons/coarse.js';
import type { FindOptions } from '../../neurons/find.js';
import type { Sharing } from '../../neurons/refined.js';
import { DEFAULTS } from './defaults.js';
import { PROTOCOL_DEFAULTS, type Protocol, type ProtocolDefaults } from './protocols.js';

/** What a user may say about it; the protocol has the rest. */
export interface AskedFinding {
  readonly method?: Method | undefined;
  readonly rule?: Rule | undefined;
  readonly steps?: number | undefined;
  readonly path?: Path | undefined;
  readonly threshold?: Pick<CoarseThreshold, 'kind' | 'value'> | undefined;
  readonly share?: number | undefined;
}

/** The same with nothing left open, as a request keeps it. */
export type Finding = AskedMethod & {
  readonly method: Method;
  readonly threshold: Pick<CoarseThreshold, 'kind' | 'value'>;
  readonly share: number;
};

/**
 * How neurons are found where all facts of a relation decide on the share of prompts that they need: knowledge neurons, and
 * what they are compared with. The shares are those that tuning begins with.
 */
export interface TunedFinding {
  readonly knowledge: FindOptions;
  readonly baseline: FindOptions;
}

/**
 * @param over what the neurons are of: one fact, or each of a data set, for which the protocols' shares differ
 * @throws UsageError where what is asked for does not go together
 */
export function completeFinding(asked: AskedFinding, protocol: Protocol, over: 'fact' | 'data'): Finding {
  const defaults = PROTOCOL_DEFAULTS[protocol];
  return {
    ...completeMethod(asked, defaults),
    threshold: asked.threshold ?? { kind: 'adaptive', value: defaults.adaptiveThreshold },
    share: asked.share ?? (over === 'fact' ? defaults.shareOfFact : defaults.shareOverData),
  };
}

function completeMethod(
  { method = DEFAULTS.method, rule, steps, path }: AskedFinding,
  defaults: ProtocolDefaults,
): AskedMethod & { readonly method: Method } {
  if (method !== 'integrated_gradients') {
    const given = Object.entries({ rule, steps, path }).find(([, value]) => value !== undefined);
    if (given === undefined) return { method };
    throw new UsageError(`--${given[0]} is of no use with --method ${method}`, 'Leave out one of them.');
  }
  const complete = {
    method,
    rule: rule ?? defaults.rule,
    steps: steps ?? defaults.steps,
    path: path ?? DEFAULTS.path,
  };
  if (complete.steps >= minimumSteps(complete.rule)) return complete;
  throw new UsageError(
    `--steps: ${complete.rule} takes ${minimumSteps(complete.rule)} or more, not ${complete.steps}`,
  );
}

/** What a method or a finding says of how a neuron is scored. */
export function methodOf(options: AskedMethod): AskedMethod & { readonly method: Method } {
  if (!('rule' in options)) return { method: options.method };
  const { method = 'integrated_gradients', rule, steps, path = DEFAULTS.path } = options;
  return { method, rule, steps, path };
}

/** How the neurons of one fact are found. */
export function findOptionsOf(finding: Finding, protocol: Protocol): FindOptions {
  const defaults = PROTOCOL_DEFAULTS[protocol];
  const { threshold, share } = finding;
  return {
    ...methodOf(finding),
    threshold: { ...threshold, ...(defaults.inclusive && { inclusive: true }) },
    ...sharing(defaults, share),
  };
}

/** The same for each fact of a data set: some protocols tune the share, and compare. */
export function findingOverData(finding: Finding, protocol: Protocol): FindOptions | TunedFinding {
  const defaults = PROTOCOL_DEFAULTS[protocol];
  const knowledge = findOptionsOf(finding, protocol);
  if (!defaults.baseline) return knowledge;
  const { inclusive } = defaults;
  const threshold = { kind: 'adaptive', value: defaults.baseline.adaptiveThreshold, inclusive } as const;
  return { knowledge, baseline: { method: 'activation', threshold, ...sharing(defaults, finding.share) } };
}

function sharing({ inclusive, leastPrompts }: ProtocolDefaults, share: number): Sharing {
  return inclusive ? { share, inclusive, leastPrompts } : { share };
}
