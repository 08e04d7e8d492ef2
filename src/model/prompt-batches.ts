import { groupBy } from '../group-by.js';
import type { LanguageModel, PromptBatch } from './language-model.js';
import type { EncodedPrompt } from './tokenizer/tokenizer.js';

/** Longer prompts than so many times the shortest of a batch begin another: what a batch takes is reckoned by its longest. */
const MOST_STRETCH = 4;

/**
 * Prompts sorted into batches, without padding: of one token length each, or where the model mixes lengths the short ones together and
 * the long ones; `indices` are their places in the given list. Which prompts share a batch depends on these prompts alone.
 */
export function promptBatches(
  { mixesLengths }: Pick<LanguageModel, 'mixesLengths'>,
  prompts: readonly EncodedPrompt[],
): { readonly batch: PromptBatch; readonly indices: readonly number[] }[] {
  const byLength = groupBy(prompts.keys(), index => prompts[index].tokens.length);
  return (mixesLengths ? joined(byLength) : [...byLength.values()]).map(indices => ({
    indices,
    batch: {
      tokens: indices.map(index => prompts[index].tokens),
      positions: indices.map(index => prompts[index].position),
    },
  }));
}

function joined(byLength: ReadonlyMap<number, readonly number[]>): number[][] {
  const batches: number[][] = [];
  let shortest = 0;
  for (const [length, indices] of [...byLength].sort(([a], [b]) => a - b)) {
    if (batches.length === 0 || length > MOST_STRETCH * shortest) {
      batches.push([]);
      shortest = length;
    }
    batches[batches.length - 1].push(...indices);
  }
  return batches;
}

/** Of the longest prompt. */
export function tokensOf({ tokens }: PromptBatch): number {
  return Math.max(...tokens.map(({ length }) => length));
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
