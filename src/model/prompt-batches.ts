import type { PromptBatch } from './language-model.js';
import type { EncodedPrompt } from './tokenizer.js';

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
