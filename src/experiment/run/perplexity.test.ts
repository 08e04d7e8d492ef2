import { describe, expect, it } from 'vitest';
import { askedSet, perplexityChange } from './perplexity.js';

describe('perplexity', () => {
  it('is exp of the mean over prompts of -log P(answer)', () => {
    const set = askedSet([
      { probability: 0.5, rank: 1, surprisal: -Math.log(0.5) },
      { probability: 0.125, rank: 3, surprisal: -Math.log(0.125) },
    ]);
    // The geometric mean of 2 and 8.
    expect(Math.exp(set?.log_perplexity ?? 0)).toBeCloseTo(4, 12);
    expect(set).toMatchObject({ accuracy: 0.5, prompts: 2 });
  });

  it('of no prompts is not there', () => {
    expect(askedSet([])).toBeNull();
  });

  it('changes by a difference, and by a share of what it was', () => {
    const { perplexity, increase, relativeIncrease } = perplexityChange(Math.log(4), Math.log(6));
    expect(perplexity.before).toBeCloseTo(4, 12);
    expect(perplexity.after).toBeCloseTo(6, 12);
    expect(increase).toBeCloseTo(2, 12);
    expect(relativeIncrease).toBeCloseTo(0.5, 12);
  });
});
