/** What stands in a prompt for the answer, whatever a model's own mask is. */
export const MASK = '[MASK]';

/** As tokenizers write their masks. A masked model takes its own for {@link MASK}, and nobody else's; a causal one takes none. */
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

/** What a prompt has before [MASK], where that touches it, as in "([MASK])"; undefined where white space or nothing is between. */
export function textTouchingMask(prompt: string): string | undefined {
  const at = prompt.indexOf(MASK);
  const before = prompt.slice(0, Math.max(at, 0));
  return /\S$/u.test(before) ? before : undefined;
}

/** Whether a text has no letter, digit or symbol. */
function isPunctuation(text: string): boolean {
  return /^[\s\p{P}]*$/u.test(text);
}
