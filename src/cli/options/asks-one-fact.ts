import { UsageError } from '../../errors.js';
import type { UnrelatedRule } from '../../experiment/facts/unrelated.js';
import { optionName } from './option-values.js';
import type { DataOptions, PromptOptions, RunOptions } from './options.js';

/** Of the options of commands that take one fact or a data set. */
type Asked = PromptOptions &
  DataOptions &
  RunOptions & { readonly seed?: number; readonly unrelated?: UnrelatedRule };

/**
 * Whether the options ask about one fact rather than a data set.
 * @throws UsageError where they ask about both
 */
export function asksOneFact(options: Asked): boolean {
  const { prompt, prompts, answer, negativePrompt, negativePrompts } = options;
  if (prompt === undefined && prompts === undefined && answer === undefined) {
    if (negativePrompt === undefined && negativePrompts === undefined) return false;
    throw new UsageError(
      '--negative-prompt and --negative-prompts are for one fact',
      'Give its --prompt and --answer; over a data set, --negatives draws negative prompts.',
    );
  }
  const ofData = [
    'data',
    'relations',
    'limit',
    'facts',
    'maxAnswerTokens',
    'negatives',
    'seed',
    'unrelated',
    'results',
    'workers',
    'threads',
    'fresh',
    'dryRun',
  ] as const;
  const given = ofData.find(name => options[name] !== undefined);
  if (given)
    throw new UsageError(
      `${optionName(given)} is for a run over a data set`,
      'Leave out --prompt and --answer, or it.',
    );
  return true;
}
