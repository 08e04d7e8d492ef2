/** A prompt whose scores are all 0 says nothing: a fact's neurons are what they are without it. */
import { describe, expect, it } from 'vitest';
import type { ScorePrompts } from '../attribution/score-prompts.js';
import type { Scores } from '../attribution/scores.js';
import type { Query } from '../model/tokenizer/tokenizer.js';
import { areSilent, type CoarseThreshold, coarseNeurons } from './coarse.js';
import { type FindOptions, findNeuronsBy } from './find.js';

const scores = (...rows: number[][]): Scores => rows.map(row => Float32Array.from(row));

const KINDS: CoarseThreshold[] = [
  { kind: 'adaptive', value: 0.2 },
  { kind: 'absolute', value: 0 },
  { kind: 'absolute', value: -1 },
  { kind: 'percentile', value: 50 },
].flatMap(({ kind, value }) => [
  { kind: kind as CoarseThreshold['kind'], value },
  { kind: kind as CoarseThreshold['kind'], value, inclusive: true },
]);

describe('scores that are all 0', () => {
  it.each(KINDS)('make no neuron coarse with %o', threshold => {
    expect(coarseNeurons(scores([0, 0, -0], [0, 0, 0]), threshold)).toEqual([]);
  });

  it('are silent, and no others are', () => {
    expect(areSilent(scores([0, -0], [0, 0]))).toBe(true);
    expect(areSilent(scores([0, 0], [0, 1e-45]))).toBe(false);
    expect(areSilent(scores([0, 0], [-1, 0]))).toBe(false);
  });
});

describe('a score of 0', () => {
  it.each([
    [{ kind: 'adaptive', value: 0.2, inclusive: true }, []],
    [{ kind: 'percentile', value: 50, inclusive: true }, []],
    [{ kind: 'absolute', value: 0, inclusive: true }, []],
  ] as const)('is no neuron where none is higher, with %o', (threshold, expected) => {
    expect(coarseNeurons(scores([0, -2, 0], [0, 0, -1]), threshold)).toEqual(expected);
  });

  it('leaves the others that are at the threshold', () => {
    const threshold: CoarseThreshold = { kind: 'adaptive', value: 0.25, inclusive: true };
    expect(coarseNeurons(scores([0, 1, 4], [0.5, 0, -1]), threshold)).toEqual([
      [0, 1],
      [0, 2],
    ]);
  });
});

const SILENT = [0, 0, 0, 0];
/** Neuron 0 in all four that speak, neuron 1 in three, neuron 2 in two of them. */
const SPEAKING = [
  [9, 9, 9, 0],
  [9, 9, 9, 0],
  [9, 9, 0, 0],
  [9, 0, 0, 0],
];

const ELEUTHERAI: FindOptions = {
  ...{ rule: 'riemann_left', steps: 2 },
  ...{ threshold: { kind: 'adaptive', value: 0.3 }, share: 0.5 },
};
const DAI: FindOptions = {
  ...{ ...ELEUTHERAI, threshold: { kind: 'adaptive', value: 0.2, inclusive: true }, share: 0.7 },
  ...{ inclusive: true, leastPrompts: 3 },
};

/** The neurons of prompts that have these scores, one query each. */
function find(prompts: number[][], options: FindOptions, negatives: number[][] = []) {
  const rows = [...prompts, ...negatives];
  const queries = rows.map((_, row): Query[] => [{ tokens: [row], position: 0, answer: 0 }]);
  const score: ScorePrompts = async asked =>
    asked.map(([{ tokens }]) => ({
      scores: scores(rows[tokens[0]]),
      passes: { done: 0, ofLayers: [], ofRule: 0 },
    }));
  return findNeuronsBy(score, queries.slice(0, prompts.length), {
    ...options,
    negatives: queries.slice(prompts.length),
  });
}

describe('the neurons of a fact', () => {
  it.each([
    ['eleutherai', ELEUTHERAI],
    ['dai', DAI],
  ])('are those of its speaking prompts, wherever the silent ones stand: %s', async (_, options) => {
    const without = await find(SPEAKING, options);
    expect(without.neurons).toEqual([
      [0, 0],
      [0, 1],
    ]);
    const first = await find([SILENT, SILENT, ...SPEAKING], options);
    expect(first.neurons).toEqual(without.neurons);
    expect(first.prompts.map(({ silent }) => silent)).toEqual([true, true, false, false, false, false]);
    expect(first.prompts[0].coarse).toEqual([]);
    const between = await find([SPEAKING[0], SILENT, ...SPEAKING.slice(1), SILENT], options);
    expect(between.neurons).toEqual(without.neurons);
  });

  it.each([ELEUTHERAI, DAI])('are none where every prompt is silent: %o', async options => {
    expect((await find([SILENT, SILENT, SILENT, SILENT], options)).neurons).toEqual([]);
  });

  it('are at least in 3 prompts that speak, with dai', async () => {
    expect((await find([...SPEAKING.slice(0, 2), SILENT, SILENT], DAI)).neurons).toEqual([]);
  });

  it('lose nothing to a silent negative prompt', async () => {
    const { neurons, removed, negatives } = await find(SPEAKING, DAI, [SILENT, [0, 5, 0, 0]]);
    expect(neurons).toEqual([[0, 0]]);
    expect(removed).toEqual([[0, 1]]);
    expect(negatives.map(({ silent }) => silent)).toEqual([true, false]);
  });
});
