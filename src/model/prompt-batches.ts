import type { PromptBatch } from './language-model.js';
import type { EncodedPrompt } from './tokenizer/tokenizer.js';

/**
 * Prompts sorted into batches of one token length, which need no padding; `indices` are their places in the
 * given list. Which prompts share a batch depends on these prompts alone.
 */
export function batchesOfEqualLength(
  prompts: readonly EncodedPrompt[],
): { readonly batch: PromptBatch; readonly indices: readonly number[] }[] {
  const byLength = new Map<number, number[]>();
  prompts.forEach(({ tokens }, index) => {
    const indices = byLength.get(tokens.length) ?? [];
    indices.push(index);
    byLength.set(tokens.length, indices);
  });
  return [...byLength.values()].map(indices => ({
    indices,
    batch: {
      tokens: indices.map(index => prompts[index].tokens),
      positions: indices.map(index => prompts[index].position),
    },
  }));
}

/** A batch in parts of at most `size` prompts. */
export function splitBatch({ tokens, positions }: PromptBatch, size: number): PromptBatch[] {
  const parts: PromptBatch[] = [];
  for (let first = 0; first < tokens.length; first += size) {
    parts.push({
      tokens: tokens.slice(first, first + size),
      positions: positions.slice(first, first + size),
    });
  }
  return parts;
}

/** What was found for each prompt's queries, one after the other, for each prompt. */
export function ofEachPrompt<T>(
  prompts: readonly (readonly unknown[])[],
  found: readonly T[],
): (readonly T[])[] {
  let taken = 0;
  return prompts.map(({ length }) => {
    taken += length;
    return found.slice(taken - length, taken);
  });
}
