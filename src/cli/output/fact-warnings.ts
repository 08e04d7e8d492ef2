/** What a person should know of one fact before they believe its neurons: notices, on standard error. */
import { MASK, maskLike, promptBeforeMask } from '../../dataset/prompt.js';
import type { AnswerStanding } from '../../intervention/distribution.js';
import { counted } from '../../numbers.js';
import type { OnProgress } from '../../progress.js';
import { rankName } from './answer-tokens.js';

/** Of an answer that a model knows, each token is among so many at least. */
export const KNOWN_RANK = 100;

export interface AskedAnswer {
  readonly answer: string;
  readonly answerTokens: readonly string[];
  /** How it stands in each prompt, before anything is changed. */
  readonly standings: readonly AnswerStanding[];
}

/** Says where the model does not know the fact: methods find neurons for any answer, for "qwrtz" as for "paris". */
export function warnOfUnknown(asked: AskedAnswer, onProgress: OnProgress): void {
  const text = unknownAnswer(asked);
  if (text !== undefined) warn(text, onProgress);
}

/** Says what a causal model, which has no mask, makes of masks in prompts. */
export function warnOfMasks(prompts: readonly string[], causal: boolean, onProgress: OnProgress): void {
  if (causal) for (const text of masksInPrompts(prompts)) warn(text, onProgress);
}

function warn(text: string, onProgress: OnProgress): void {
  onProgress({ type: 'notice', text: `Warning: ${text}` });
}

/** @returns undefined where the answer is among the first of every prompt */
export function unknownAnswer({ answer, answerTokens, standings }: AskedAnswer): string | undefined {
  const ranks = standings.map(({ rank }) => rank).filter(rank => rank > KNOWN_RANK);
  if (ranks.length === 0) return undefined;
  const [best, worst] = [Math.min(...ranks), Math.max(...ranks)];
  const name = rankName(answerTokens);
  const shown = best === worst ? `${name} ${best}` : `${name}s ${best} to ${worst}`;
  const notAmong =
    answerTokens.length > 1
      ? `not every token of "${answer}" is among the ${KNOWN_RANK} most probable`
      : `"${answer}" is not among the ${KNOWN_RANK} most probable tokens`;
  const all = standings.length;
  if (all === 1) return `${notAmong} (${shown}): the model does not know this fact, whatever neurons it has.`;
  if (ranks.length === all)
    return `${notAmong} in any of ${all} prompts (${shown}): the model does not know this fact, whatever neurons it has.`;
  return `${notAmong} in ${ranks.length} of ${all} prompts (${shown}): the model does not know the fact by these words, whatever neurons they have.`;
}

/** @returns a line of [MASK], which a prompt is read up to, and one of what looks like a mask, and is read as letters */
export function masksInPrompts(prompts: readonly string[]): string[] {
  const lines: string[] = [];
  const cut = prompts.filter(prompt => prompt.includes(MASK));
  // One that goes on behind it is refused when it is asked.
  const first = cut.map(promptBeforeMask).find(before => before !== undefined);
  if (first !== undefined) {
    const read =
      cut.length === 1
        ? `this prompt is read as "${first}"`
        : `${cut.length} prompts are read up to there, the first as "${first}"`;
    lines.push(`a causal model has no ${MASK}: ${read}.`);
  }
  const like = prompts.flatMap(prompt => maskLike(prompt) ?? []);
  if (like.length > 0)
    lines.push(
      `a causal model reads "${like[0]}" as letters (${counted(like.length, 'prompt')}). Let a prompt end where the answer belongs.`,
    );
  return lines;
}
