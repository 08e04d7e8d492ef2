/** Options that would say nothing beside others: they are refused, so that nobody takes them for done. */
import { UsageError } from '../../errors.js';
import { optionName } from './option-values.js';
import type { AttributionOptions, PromptOptions } from './options.js';

type FindingOptions = Partial<AttributionOptions> &
  Pick<PromptOptions, 'negativePrompt' | 'negativePrompts'> & { readonly neurons?: string };

const OF_FINDING = [
  'method',
  'rule',
  'steps',
  'path',
  'adaptiveThreshold',
  'threshold',
  'percentile',
  'share',
] as const;

/**
 * @param over what the command asks about: over a data set a protocol says more than how neurons are found
 * @throws UsageError where the options say how neurons are found, and which they are
 */
export function refuseIdleFinding(options: FindingOptions, over: 'fact' | 'data'): void {
  if (options.neurons === undefined) return;
  const names = over === 'fact' ? (['protocol', ...OF_FINDING] as const) : OF_FINDING;
  const given = names.find(name => options[name] !== undefined);
  const idle =
    given !== undefined
      ? `${optionName(given)} is`
      : (options.negativePrompt ?? options.negativePrompts) !== undefined
        ? 'negative prompts are'
        : undefined;
  if (idle === undefined) return;
  throw new UsageError(
    `${idle} for neurons that are found, and --neurons gives them`,
    'Leave out one of them.',
  );
}

/** @throws UsageError where the options say which unrelated facts are drawn, and that none is */
export function refuseIdleDraw(options: {
  readonly unrelatedFacts: number;
  readonly seed?: number;
  readonly data?: string;
}): void {
  const given = (['seed', 'data'] as const).find(name => options[name] !== undefined);
  if (options.unrelatedFacts > 0 || given === undefined) return;
  throw new UsageError(
    `${optionName(given)} is for unrelated facts, and --unrelated-facts 0 measures none`,
    'Leave out one of them.',
  );
}
