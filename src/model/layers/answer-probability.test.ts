/** The answer's probability and its gradient, against plain double-precision loops. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { relativeError } from '../../testing/finite-differences.js';
import { expectAgreement, TOLERANCE, tensor, values, vector } from '../../testing/layer-agreement.js';
import { answerProbability, vocabularyProbabilities } from './answer-probability.js';

describe.each(await enginesHere())('on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  describe("the answer's probability", () => {
    // Scores are some 3 at most.
    it.each([
      [[7], undefined],
      [[4, 3], 30],
      [[1, 2, 3, 1], 1.5],
    ] as const)(
      'is the softmax over the vocabulary at the answer, with its gradient, in parts of %j rows, scores within a cap of %s',
      (heights, cap) => {
        const [embeddings, bias, answers] = [values(7 * 4, 1, 2), values(7, 2), [3, 0, 6]];
        const parts = tf.split<tf.Tensor2D>(tensor(embeddings, 7), [...heights], 0);
        const weights = { embeddings: parts, bias: vector(bias), cap };
        const distribution = (x: Float64Array, row: number) => {
          const scores = Array.from({ length: 7 }, (_, id) => {
            const score =
              bias[id] + [0, 1, 2, 3].reduce((sum, i) => sum + x[row * 4 + i] * embeddings[id * 4 + i], 0);
            return Math.exp(cap === undefined ? score : cap * Math.tanh(score / cap));
          });
          const total = scores.reduce((a, b) => a + b);
          return scores.map(score => score / total);
        };
        const reference = (x: Float64Array) =>
          Float64Array.from(answers, (answer, row) => distribution(x, row)[answer]);
        const x = values(3 * 4, 3);
        expectAgreement(h => answerProbability(h, weights, answers), reference, x, 3);
        const all = vocabularyProbabilities(tensor(x, 3), weights).dataSync();
        expect(
          relativeError(
            all,
            [0, 1, 2].flatMap(row => distribution(x, row)),
          ),
        ).toBeLessThan(TOLERANCE);
      },
    );
  });

  it('a vocabulary of 30,522 tokens loses none of the small ones beside one near 1', () => {
    const vocabulary = 30_522;
    const bias = values(vocabulary, 4, 2).map(Math.fround);
    bias[7] = Math.fround(17);
    const all = bias.map(Math.exp);
    const total = all.reduce((a, b) => a + b);
    const weights = { embeddings: [tf.zeros<tf.Rank.R2>([vocabulary, 4])], bias: vector(bias) };
    const hidden = tf.zeros<tf.Rank.R2>([1, 4]);
    const probabilities = vocabularyProbabilities(hidden, weights).dataSync();
    const answer = answerProbability(hidden, weights, [7]).dataSync();
    // Float32's scores are off by 1e-6 here, and sums of so many by ten times as much where they are added one by one in parts.
    for (const p of [probabilities[7], answer[0]]) expect(Math.abs(p - all[7] / total)).toBeLessThan(1e-5);
    const others = Math.abs(probabilities[8] / (all[8] / total) - 1);
    expect(others).toBeLessThan(1e-5);
  });

  it("the answer's probability has an exact gradient too where it is near 1", () => {
    const exact = (x: Float64Array) => x.map(Math.fround);
    const [embeddings, h] = [exact(values(7 * 4, 1, 2)), exact(values(4, 3, 0.1))];
    const bias = exact(values(7, 2));
    bias[3] += 16; // 1 - P(3) is about 1e-6
    const scores = Array.from({ length: 7 }, (_, id) =>
      Math.exp(bias[id] + h.reduce((sum, x, i) => sum + x * embeddings[id * 4 + i], 0)),
    );
    const total = scores.reduce((a, b) => a + b);
    // P(3) sum_j P(j) (E[3] - E[j]), in doubles
    const expected = [0, 1, 2, 3].map(i =>
      scores.reduce(
        (sum, score, id) =>
          sum + (scores[3] / total) * (score / total) * (embeddings[3 * 4 + i] - embeddings[id * 4 + i]),
        0,
      ),
    );
    const weights = { embeddings: [tensor(embeddings, 7)], bias: vector(bias) };
    const { grad } = tf.valueAndGrad((x: tf.Tensor2D) => answerProbability(x, weights, [3]))(tensor(h, 1));
    expect(relativeError(grad.dataSync(), expected)).toBeLessThan(TOLERANCE);
  });
});
