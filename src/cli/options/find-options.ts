import type { AskedMethod } from '../../attribution/methods.js';
import { minimumSteps } from '../../attribution/rules.js';
import { UsageError } from '../../errors.js';
import type { TunedFinding } from '../../experiment/facts/stages.js';
import { PROTOCOL_DEFAULTS, type ProtocolDefaults } from '../../experiment/run/protocols.js';
import type { CoarseThreshold } from '../../neurons/coarse.js';
import type { FindOptions } from '../../neurons/find.js';
import type { Sharing } from '../../neurons/refined.js';
import type { AttributionOptions, PromptOptions } from './options.js';

/** How the neurons of one fact are found. What an option says goes before what the protocol says. */
export function findOptionsOfFact(options: AttributionOptions): FindOptions {
  const defaults = PROTOCOL_DEFAULTS[options.protocol];
  return findOptions(options, defaults, defaults.shareOfFact);
}

/** @throws UsageError where negative prompts would have nothing to rule out */
export function refuseIdleNegatives({
  neurons,
  negativePrompt,
  negativePrompts,
}: Pick<PromptOptions, 'negativePrompt' | 'negativePrompts'> & { readonly neurons?: string }): void {
  if (neurons !== undefined && (negativePrompt ?? negativePrompts) !== undefined)
    throw new UsageError(
      'negative prompts are for neurons that are found, and --neurons gives them',
      'Leave out one of them.',
    );
}

/** The same for each fact of a data set. */
export function findOptionsOverData(options: AttributionOptions): FindOptions | TunedFinding {
  const defaults = PROTOCOL_DEFAULTS[options.protocol];
  const knowledge = findOptions(options, defaults, defaults.shareOverData);
  if (!defaults.baseline) return knowledge;
  const { inclusive } = defaults;
  const threshold = { kind: 'adaptive', value: defaults.baseline.adaptiveThreshold, inclusive } as const;
  return { knowledge, baseline: { method: 'activation', threshold, ...sharing(defaults, knowledge.share) } };
}

function findOptions(
  options: AttributionOptions,
  defaults: ProtocolDefaults,
  defaultShare: number,
): FindOptions {
  return {
    ...askedMethod(options, defaults),
    threshold: { ...coarseThreshold(options, defaults), ...(defaults.inclusive && { inclusive: true }) },
    ...sharing(defaults, options.share ?? defaultShare),
  };
}

function sharing({ inclusive, leastPrompts }: ProtocolDefaults, share: number): Sharing {
  return inclusive ? { share, inclusive, leastPrompts } : { share };
}

function askedMethod({ method, rule, steps }: AttributionOptions, defaults: ProtocolDefaults): AskedMethod {
  if (method !== 'integrated_gradients') {
    const given = rule !== undefined ? '--rule' : steps !== undefined ? '--steps' : undefined;
    if (given === undefined) return { method };
    throw new UsageError(`${given} is of no use with --method ${method}`, 'Leave out one of them.');
  }
  const asked = { method, rule: rule ?? defaults.rule, steps: steps ?? defaults.steps };
  if (asked.steps >= minimumSteps(asked.rule)) return asked;
  throw new UsageError(
    `--steps: ${asked.rule} takes ${minimumSteps(asked.rule)} or more, not ${asked.steps}`,
  );
}

function coarseThreshold(
  { threshold, percentile, adaptiveThreshold }: AttributionOptions,
  defaults: ProtocolDefaults,
): CoarseThreshold {
  if (threshold !== undefined) return { kind: 'absolute', value: threshold };
  if (percentile !== undefined) return { kind: 'percentile', value: percentile };
  return { kind: 'adaptive', value: adaptiveThreshold ?? defaults.adaptiveThreshold };
}

/** Where a refined neuron is coarse: "in more than 0.5 of 4 prompts". */
export function sharingText({ share, inclusive, leastPrompts = 1 }: Sharing, prompts: string): string {
  const least = leastPrompts > 1 ? `, and in ${leastPrompts} at least` : '';
  return `in ${inclusive ? `${share} or more` : `more than ${share}`} of ${prompts}${least}`;
}
