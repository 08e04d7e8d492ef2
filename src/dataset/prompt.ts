/** What stands in a prompt for the answer. */
export const MASK = '[MASK]';

/** As other tokenizers write their mask: no model here takes any of it for one. */
const MASK_LIKE = /\[\s*mask\s*\]|<\s*mask\s*>/i;

/** What in a text looks like a mask and is not {@link MASK}; undefined where nothing does. */
export function maskLike(text: string): string | undefined {
  return MASK_LIKE.exec(text.replaceAll(MASK, ''))?.[0];
}

/**
 * A prompt as a causal model is asked: up to [MASK] where there is one, and without the space before it, which belongs to
 * the answer's token.
 * @returns undefined where more than punctuation follows the mask
 */
export function promptBeforeMask(prompt: string): string | undefined {
  const at = prompt.indexOf(MASK);
  if (at === -1) return prompt.trimEnd();
  return isPunctuation(prompt.slice(at + MASK.length)) ? prompt.slice(0, at).trimEnd() : undefined;
}

/** Whether a text has no letter, digit or symbol. */
function isPunctuation(text: string): boolean {
  return /^[\s\p{P}]*$/u.test(text);
}
