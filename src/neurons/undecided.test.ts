/** When it is sure which neurons are coarse: examples, and what holds for any estimates. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LayerEstimate } from '../attribution/layer-estimate.js';
import type { Scores } from '../attribution/scores.js';
import { type CoarseThreshold, coarseNeurons } from './coarse.js';
import { undecidedNeurons } from './undecided.js';

const layer = (scores: readonly number[], bar: number, exact = false): LayerEstimate => ({
  scores: Float32Array.from(scores),
  largest: Math.max(...Float32Array.from(scores).map(Math.abs)),
  bar,
  exact,
});
const open = (threshold: CoarseThreshold, ...layers: LayerEstimate[]) => [
  ...undecidedNeurons(threshold)(layers),
];

const ABSOLUTE: CoarseThreshold = { kind: 'absolute', value: 0.5 };
const ADAPTIVE: CoarseThreshold = { kind: 'adaptive', value: 0.3 };
const MEDIAN: CoarseThreshold = { kind: 'percentile', value: 50 };

describe('against an absolute threshold', () => {
  it('a layer is open where the bar of one of its scores reaches it, from either side', () => {
    const low = layer([0.1, 0.2], 0.25);
    expect(open(ABSOLUTE, low, layer([0.1, 0.3], 0.25), layer([0.8, 0.1], 0.35))).toEqual([
      [1, 'further'],
      [2, 'further'],
    ]);
    expect(open(ABSOLUTE, low)).toEqual([]);
  });

  it('a layer whose rule itself ran is not, wherever its scores are', () => {
    expect(open(ABSOLUTE, layer([0.5, 0.5 + 1e-8], 0, true), layer([0.1], 0.1))).toEqual([]);
    expect(open({ ...ABSOLUTE, inclusive: true }, layer([0.5], 0, true))).toEqual([]);
  });

  it('a layer goes straight to the rule where more points would not help: float32 rounds away what is left', () => {
    expect(open(ABSOLUTE, layer([0.5 + 1e-6], 1e-9))).toEqual([[0, 'exactly']]);
    expect(open(ABSOLUTE, layer([0.5 + 1e-4], 1e-9))).toEqual([]);
  });
});

describe('against a share of the highest score', () => {
  it('the threshold has a bar of its own: the layer of the highest score is open, and not that of the score near it', () => {
    // The threshold is between 0.3 x 0.9 and 0.3 x 1.1, with 0.29 in a layer that is known well.
    expect(open(ADAPTIVE, layer([1, 0.1], 0.1), layer([0.29, 0.1], 1e-3))).toEqual([[0, 'further']]);
    expect(open(ADAPTIVE, layer([1, 0.1], 0.01), layer([0.29, 0.1], 1e-3))).toEqual([]);
  });

  it('the layer of the score near it is open where that is known worse', () => {
    expect(open(ADAPTIVE, layer([1, 0.1], 1e-3), layer([0.29, 0.1], 0.05))).toEqual([[1, 'further']]);
  });

  it('every layer that may have the highest score decides', () => {
    expect(open(ADAPTIVE, layer([1], 0.2), layer([0.9], 0.2), layer([0.29], 0))).toEqual([
      [0, 'further'],
      [1, 'further'],
    ]);
  });

  it('nothing is open where all scores are far from it, however badly they are known', () => {
    expect(open(ADAPTIVE, layer([1, 0.9, 0.01], 0.1), layer([0.1, -4], 0.1))).toEqual([]);
  });

  it('a share below 0 has its threshold below 0, with a bar all the same', () => {
    const threshold: CoarseThreshold = { kind: 'adaptive', value: -0.5 };
    expect(open(threshold, layer([1], 0.1), layer([-0.46], 1e-3))).toEqual([[0, 'further']]);
    expect(open(threshold, layer([1], 0.01), layer([-0.46], 1e-3))).toEqual([]);
  });

  it('a highest score below 0 has a threshold above it', () => {
    expect(open(ADAPTIVE, layer([-1, -2], 0.1))).toEqual([]);
    // It may be above 0 too.
    expect(open(ADAPTIVE, layer([-1, -2], 1.1))).toEqual([[0, 'further']]);
  });
});

describe('against a percentile of all scores', () => {
  it('the layer is open whose scores are about it', () => {
    expect(open(MEDIAN, layer([5, 6, 7], 0.1), layer([0, 1, 2], 0.1), layer([3.9, 4, 4.1], 0.2))).toEqual([
      [2, 'further'],
    ]);
    // Between 2 and 5, whichever of its own layer's scores those are.
    expect(open(MEDIAN, layer([5, 6, 7], 1), layer([0, 1, 2], 1))).toEqual([]);
  });

  it('a layer of which nothing is known leaves it open', () => {
    const unknown = layer([0, 0], Number.POSITIVE_INFINITY);
    for (const threshold of [ABSOLUTE, ADAPTIVE, MEDIAN])
      expect(open(threshold, layer([1, 2, 3], 1e-3), unknown)).toContainEqual([1, 'further']);
  });
});

describe('a layer all of whose scores are 0', () => {
  it('has to be known exactly where 0 is the threshold, and only there', () => {
    const silent = layer([0, -0], 0);
    expect(open({ kind: 'absolute', value: 0 }, layer([1], 0.1), silent)).toEqual([[1, 'exactly']]);
    expect(open(ABSOLUTE, layer([1], 0.1), silent)).toEqual([]);
    expect(open(ADAPTIVE, layer([1], 0.1), silent)).toEqual([]);
  });
});

describe('prompts all of whose scores are 0', () => {
  it.each([ABSOLUTE, ADAPTIVE, MEDIAN, { ...ABSOLUTE, value: -1 }])(
    'have to be known exactly: %o',
    threshold => {
      const silent = [layer([0, -0], 0), layer([0, 0], 0)];
      expect(open(threshold, ...silent)).toEqual([
        [0, 'exactly'],
        [1, 'exactly'],
      ]);
      expect(open(threshold, ...silent.map(() => layer([0, 0], 0, true)))).toEqual([]);
    },
  );
});

const SCORE = fc.oneof(
  fc.constantFrom(0, 0.3, 1, -1, 0.5),
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.double({ min: -1e-3, max: 1e-3, noNaN: true }),
);
const BAR = fc.oneof(
  fc.constantFrom(0, 1e-9, Number.POSITIVE_INFINITY),
  fc.double({ min: 0, max: 0.3, noNaN: true }),
  fc.double({ min: 0, max: 0.01, noNaN: true }),
);
/** Two to four layers of one to five neurons. */
const LAYERS = fc.array(
  fc.record({
    scores: fc.array(SCORE, { minLength: 1, maxLength: 5 }),
    bar: BAR,
    exact: fc.boolean(),
    /** Where in their bars the scores really are, from -1 to 1. */
    within: fc.array(fc.oneof(fc.constantFrom(-1, 1), fc.double({ min: -1, max: 1, noNaN: true })), {
      minLength: 5,
      maxLength: 5,
    }),
  }),
  { minLength: 2, maxLength: 4 },
);
const THRESHOLD: fc.Arbitrary<CoarseThreshold> = fc
  .record({
    kind: fc.constantFrom('adaptive', 'absolute', 'percentile'),
    value: fc.constantFrom(0, 0.2, 0.3, 0.5, 1, 20, 50, 75, 90, 100, -0.5),
    inclusive: fc.boolean(),
  })
  .filter(({ kind, value }) => kind !== 'percentile' || value >= 0);

describe('for any estimates', () => {
  it('what is decided is what any scores within the bars decide', () => {
    let decided = 0;
    fc.assert(
      fc.property(LAYERS, THRESHOLD, (drawn, threshold) => {
        const layers = drawn.map(({ scores, bar, exact }) => layer(scores, exact ? 0 : bar, exact));
        if (undecidedNeurons(threshold)(layers).size > 0) return;
        decided++;
        // Bars reach 2^-15 of the layer's largest further than they say, which is more than float32 rounds away here.
        const actual: Scores = layers.map(({ scores, bar }, i) =>
          scores.map((score, n) =>
            bar === Number.POSITIVE_INFINITY ? 10 * drawn[i].within[n] : score + bar * drawn[i].within[n],
          ),
        );
        const estimated = layers.map(({ scores }) => scores);
        expect(coarseNeurons(actual, threshold)).toEqual(coarseNeurons(estimated, threshold));
      }),
      { numRuns: 5_000, seed: 1 },
    );
    expect(decided).toBeGreaterThan(500);
  });

  it('what is open is a layer whose rule has not run, so that it ends', () => {
    fc.assert(
      fc.property(LAYERS, THRESHOLD, fc.constantFrom(1, 0.5, 0.01), (drawn, threshold, shrink) => {
        const question = undecidedNeurons(threshold);
        let layers = drawn.map(({ scores, bar, exact }) => layer(scores, exact ? 0 : bar, exact));
        // Three levels more, and the rule.
        let rounds = 0;
        for (const raised = layers.map(() => 0); ; rounds++) {
          const further = question(layers);
          if (further.size === 0) break;
          expect(rounds).toBeLessThan(4 * layers.length);
          for (const [index, how] of further) {
            expect(layers[index].exact).toBe(false);
            const isLast = how === 'exactly' || ++raised[index] === 4;
            const { scores, bar } = layers[index];
            layers = layers.with(index, layer([...scores], isLast ? 0 : shrink * bar, isLast));
          }
        }
        expect(question(layers.map(({ scores }) => layer([...scores], 0, true))).size).toBe(0);
      }),
      { numRuns: 1_000, seed: 2 },
    );
  });
});
