import { describe, expect, it } from 'vitest';
import { duration, rate, savedPasses } from './work-progress.js';

describe('progress', () => {
  it.each([
    [0.5, '0.500'],
    [21.44, '21.4'],
    [756.4, '756'],
    [1092, '1092'],
  ])('has %d prompts a second as %s', (perSecond, shown) => {
    expect(rate(perSecond)).toBe(shown);
  });

  it.each([
    [12.3, '12s'],
    [65, '1m 05s'],
    [3725, '1h 02m'],
    [180_000, '2d 02h'],
  ])('has %d seconds as %s', (seconds, shown) => {
    expect(duration(seconds)).toBe(shown);
  });

  it('has the passes that were saved, where some were', () => {
    expect(savedPasses({ done: 5270, ofRule: 25_004 })).toEqual(['79% of passes saved']);
    for (const passes of [
      { done: 0, ofRule: 0 },
      { done: 19, ofRule: 19 },
      { done: 35, ofRule: 19 },
    ])
      expect(savedPasses(passes)).toEqual([]);
  });
});
