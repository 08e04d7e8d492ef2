import { UsageError } from '../../errors.js';
import type { DataOptions, PromptOptions, RunOptions } from './options.js';

/**
 * Whether the options ask about one fact rather than a data set.
 * @throws UsageError where they ask about both
 */
export function asksOneFact(options: PromptOptions & DataOptions & RunOptions): boolean {
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
    'results',
    'workers',
    'threads',
    'fresh',
    'dryRun',
  ] as const;
  const given = ofData.find(name => options[name] !== undefined);
  if (given)
    throw new UsageError(
      `--${given.replace(/[A-Z]/g, capital => `-${capital.toLowerCase()}`)} is for a run over a data set`,
      'Leave out --prompt and --answer, or it.',
    );
  return true;
}
