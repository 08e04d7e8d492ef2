import { describe, expect, it } from 'vitest';
import { growth, growthText } from './growth.js';
import type { Sample } from './sample.js';

/** An hour of samples. */
const hour = (bytesAt: (seconds: number) => number): Sample[] =>
  Array.from({ length: 361 }, (_, i) => ({
    ...{ seconds: 10 * i, facts: i },
    ...{ heap: bytesAt(10 * i), anonymous: 50e6, files: 50e6 },
  }));

describe('what a soak says', () => {
  it('is that a worker grows which takes a little more all the time', () => {
    const grown = growth(hour(seconds => 900e6 + 25e3 * seconds));
    expect(grown).toMatchObject({ fromSeconds: 900, toSeconds: 3600, isLeak: true });
    expect(grown.from).toBeCloseTo(1022.5e6, -3);
    expect(grown.to).toBeCloseTo(1090e6, -3);
    expect(growthText(grown)).toBe('From minute 15 to 60 it went from 1023 to 1090 MB (6.6%): it grows.');
  });

  it('is that one does not which fills up and stays, however it sways', () => {
    const grown = growth(hour(seconds => 900e6 - 400e6 * Math.exp(-seconds / 200) + 15e6 * (seconds % 3)));
    expect(grown.isLeak).toBe(false);
  });
});
