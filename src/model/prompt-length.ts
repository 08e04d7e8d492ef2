import { UserError } from '../errors.js';

/** @throws UserError where a prompt has more tokens than the model takes */
export function checkLength(prompt: string, tokens: number, maxTokens: number): void {
  if (tokens <= maxTokens) return;
  const shown = prompt.length > 60 ? `${prompt.slice(0, 60)}...` : prompt;
  throw new UserError(
    `the prompt "${shown}" is ${tokens} tokens long, and the model takes ${maxTokens}`,
    'Shorten it.',
  );
}
