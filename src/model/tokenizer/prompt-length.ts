import { UserError } from '../../errors.js';

/**
 * @param tokens of the prompt, and of its answer where one token predicts the next
 * @param ofAnswer how many of these are the answer's
 * @throws UserError where these are more than the model takes
 */
export function checkLength(prompt: string, tokens: number, maxTokens: number, ofAnswer = 0): void {
  if (tokens <= maxTokens) return;
  const shown = prompt.length > 60 ? `${prompt.slice(0, 60)}...` : prompt;
  const isAnswers = ofAnswer > tokens / 2;
  throw new UserError(
    `the prompt "${shown}" is ${tokens} tokens long${isAnswers ? ' with its answer' : ''}, and the model takes ${maxTokens}`,
    isAnswers ? 'Shorten the answer.' : 'Shorten it.',
  );
}
