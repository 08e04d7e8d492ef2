import { describe, expect, it } from 'vitest';
import { promptBatches, tokensOf } from './prompt-batches.js';

/** Prompts of so many tokens. */
const prompts = (...lengths: number[]) =>
  lengths.map((length, i) => ({ tokens: Array<number>(length).fill(i), position: length - 1 }));

describe('batches of prompts', () => {
  it('are of one token length each where a model does not mix them', () => {
    const batches = promptBatches({ mixesLengths: false }, prompts(5, 7, 5, 6, 7));
    expect(batches.map(({ indices }) => indices)).toEqual([[0, 2], [1, 4], [3]]);
    expect(batches[1].batch).toEqual({ tokens: [Array(7).fill(1), Array(7).fill(4)], positions: [6, 6] });
  });

  it('are one where it does, the shortest first', () => {
    const [{ batch, indices }, ...others] = promptBatches({ mixesLengths: true }, prompts(5, 7, 5, 6, 7));
    expect(others).toEqual([]);
    expect(indices).toEqual([0, 2, 3, 1, 4]);
    expect(batch.positions).toEqual([4, 4, 5, 6, 6]);
    expect(tokensOf(batch)).toBe(7);
  });

  it('keep a few long prompts from taking the room of all', () => {
    const batches = promptBatches({ mixesLengths: true }, prompts(300, 5, 20, 21, 400));
    expect(batches.map(({ indices }) => indices)).toEqual([[1, 2], [3], [0, 4]]);
  });

  it('are none of none', () => {
    expect(promptBatches({ mixesLengths: true }, [])).toEqual([]);
  });
});
