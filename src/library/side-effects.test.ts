import { describe, expect, it } from 'vitest';
import { sideEffects } from './side-effects.js';

const change = (before: number, after: number, rankBefore = 1, rankAfter = 1) => ({
  before: { probability: before, rank: rankBefore },
  after: { probability: after, rank: rankAfter },
});

describe('side effects on unrelated facts', () => {
  it('are means over facts, shares of prompts, and the mean of -ln P', () => {
    const effects = sideEffects([
      [change(0.5, 0.25), change(0.5, 0.75, 1, 2)], // a mean change of 0
      [change(0.25, 0.5, 3, 1)], // +100%
    ]);
    expect(effects).toEqual({
      facts: 2,
      prompts: 3,
      change: 0.5,
      answeredBefore: 2 / 3,
      answeredAfter: 2 / 3,
      stillAnswered: 0.5,
      logPerplexityBefore: expect.closeTo((2 * Math.log(2) + Math.log(4)) / 3, 12),
      logPerplexityAfter: expect.closeTo((Math.log(4) + Math.log(4 / 3) + Math.log(2)) / 3, 12),
    });
  });

  it('stay numbers where a probability is 0 in float32', () => {
    const effects = sideEffects([[change(0, 0.5, 9, 9)], [change(0.5, 0, 1, 9)]]);
    expect(effects.change).toBe(-1);
    expect(effects.logPerplexityAfter).toBeCloseTo((Math.log(2) + 149 * Math.log(2)) / 2, 10);
    expect(sideEffects([[change(0, 0.5, 9, 9)]])).toMatchObject({ change: null, stillAnswered: null });
  });
});
