/**
 * What of a sentence touches the answer in it. The tokens of the answer depend on that alone, since tokenizers part a text at its white space
 * first; so they need not be looked up in each of a data set's sentences.
 */
export interface Surroundings {
  readonly before: string;
  readonly after: string;
}

/** Any: what stands for the words further off. */
const WORD = 'a';

/** Of an answer that is a word of its own, with words before it. */
export const BEHIND_A_WORD: Surroundings = { before: `${WORD} `, after: '' };

/**
 * @param before what the sentence has before the answer
 * @param after what it has behind it
 */
export function surroundings(before: string, after: string): Surroundings {
  return { before: endOf(before), after: beginningOf(after) };
}

/** Up to the white space, any run of which is one space, or the start. */
function endOf(before: string): string {
  // Not by an expression that ends in $, which looks on from every character of a long word.
  let start = before.length;
  while (start > 0 && /\S/.test(before[start - 1])) start--;
  const [further, glued] = [before.slice(0, start), before.slice(start)];
  if (further.trim() === '') return further === '' ? glued : ` ${glued}`;
  return `${WORD} ${glued}`;
}

function beginningOf(after: string): string {
  const glued = /^\S*/u.exec(after)?.[0] ?? '';
  return after.slice(glued.length).trim() === '' ? glued : `${glued} ${WORD}`;
}

/**
 * The tokens of an answer in its sentence.
 * @param sentence the tokens of the whole, with the answer in its place
 * @param before the tokens before the answer
 * @param after those behind it
 * @returns undefined where these are not what the sentence has around anything: tokens reach over the border
 */
export function tokensBetween(
  sentence: readonly number[],
  before: readonly number[],
  after: readonly number[],
): readonly number[] | undefined {
  const end = sentence.length - after.length;
  if (end <= before.length) return undefined;
  const isAround =
    before.every((id, i) => sentence[i] === id) && after.every((id, i) => sentence[end + i] === id);
  return isAround ? sentence.slice(before.length, end) : undefined;
}
