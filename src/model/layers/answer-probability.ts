import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';
import { hasFused, runFused } from './fused.js';
import { slopeOfSoftCap, softCap } from './soft-cap.js';
import { type TokenTable, times, timesTransposed, tokenRows } from './token-table.js';

/** The matrix that turns a hidden row into a score for each token of the vocabulary. */
export type VocabularyWeights = {
  /** [vocabulary, hidden]: a checkpoint's own layout, and where tied the word embeddings themselves. */
  readonly embeddings: TokenTable;
  /** [vocabulary]; GPTs have none. */
  readonly bias: tf.Tensor1D | undefined;
  /** Scores stay within it, plus and minus (soft-cap.ts): Gemma 2's. */
  readonly cap?: number | undefined;
};

/**
 * P(token) for every token of the vocabulary.
 * @param hidden [rows, hidden]
 * @returns [rows, vocabulary]
 */
export function vocabularyProbabilities(hidden: tf.Tensor2D, weights: VocabularyWeights): tf.Tensor2D {
  return distribution(vocabularyScores(hidden, weights));
}

/**
 * Softmax of each row. The wasm engine adds up one element after another, so that what is small beside the largest gets lost: of 30,522
 * tokens so much that 1 - P was 0.9% off where P is 0.999. Divided by what it really adds up to it is right.
 * @param scores [rows, vocabulary]
 */
function distribution(scores: tf.Tensor2D): tf.Tensor2D {
  const shares: tf.Tensor2D = tf.softmax(scores);
  return tf.getBackend() === 'wasm' ? tf.div(shares, sumOfRows(shares)) : shares;
}

/** In parts, so that each sum is of few: [rows, width] -> [rows, 1]. */
function sumOfRows(x: tf.Tensor2D): tf.Tensor2D {
  const PART = 256;
  const [rows, width] = x.shape;
  const lacking = (PART - (width % PART)) % PART;
  const whole =
    lacking === 0
      ? x
      : tf.pad(x, [
          [0, 0],
          [0, lacking],
        ]);
  const parts = tf.reshape<tf.Rank.R3>(whole, [rows, (width + lacking) / PART, PART]);
  return tf.sum(tf.sum(parts, 2), 1, true);
}

/** A score for every token: [rows, hidden] -> [rows, vocabulary]; without a gradient, a part of operations that have one. */
export function vocabularyScores(
  hidden: tf.Tensor2D,
  { embeddings, bias, cap }: VocabularyWeights,
): tf.Tensor2D {
  const scores = timesTransposed(hidden, embeddings);
  return softCap(bias ? tf.add<tf.Tensor2D>(scores, bias) : scores, cap);
}

/**
 * P(answer) for each row, and its gradient: with P the whole distribution and E the embeddings,
 * dP(answer)/dhidden = P(answer) sum_j P(j) (E[answer] - E[j]). The sum goes over the other tokens alone: with the answer in
 * it, it would be a difference of two large sums where P(answer) is near 1, with few digits left in float32. Where scores
 * are capped, each E is multiplied by its score's slope.
 * @param hidden [rows, hidden]
 * @param answers the answer's token id for each row
 * @returns [rows, 1]
 */
export function answerProbability(
  hidden: tf.Tensor2D,
  weights: VocabularyWeights,
  answers: readonly number[],
): tf.Tensor2D {
  return differentiable([hidden], save => {
    const scores = vocabularyScores(hidden, weights);
    const { others, answer, rest } = splitAtAnswer(scores, answers);
    save([...throughCap({ others, rest }, scores, answers, weights.cap), answer]);
    return {
      value: answer,
      gradient: (dy, [others, rest, answer]) => {
        const own = tokenRows(weights.embeddings, answers); // [rows, hidden]
        const expected = times(others, weights.embeddings); // [rows, hidden]
        const difference = tf.sub(tf.mul(rest, own), expected);
        return [tf.mul(difference, tf.mul(dy, answer))];
      },
    };
  });
}

/** What of the answer's split its gradient reads, [others, rest], each multiplied by the slope of its score. */
function throughCap(
  { others, rest }: Omit<SplitAtAnswer, 'answer'>,
  scores: tf.Tensor2D,
  answers: readonly number[],
  cap: number | undefined,
): tf.Tensor2D[] {
  if (cap === undefined) return [others, rest];
  const slopes = slopeOfSoftCap(scores, cap);
  return [tf.mul(others, slopes), tf.mul(rest, atAnswer(slopes, answers))];
}

/** The answer's column of each row: [rows, vocabulary] -> [rows, 1]. */
function atAnswer(x: tf.Tensor2D, answers: readonly number[]): tf.Tensor2D {
  const positions = tf.tensor2d(
    answers.map((answer, row) => [row, answer]),
    [answers.length, 2],
    'int32',
  );
  return tf.expandDims(tf.gatherND(x, positions), 1);
}

interface SplitAtAnswer {
  /** Probabilities, but 0 for the answer: [rows, vocabulary]. */
  readonly others: tf.Tensor2D;
  /** P(answer), [rows, 1]. */
  readonly answer: tf.Tensor2D;
  /** The sum of the others, [rows, 1]. */
  readonly rest: tf.Tensor2D;
}

function splitAtAnswer(scores: tf.Tensor2D, answers: readonly number[]): SplitAtAnswer {
  if (hasFused('KnAnswer')) {
    const [others, answer, rest] = runFused('KnAnswer', {
      scores,
      answers: tf.tensor1d([...answers], 'int32'),
    });
    return { others, answer, rest };
  }
  const probabilities = distribution(scores);
  const [, vocabulary] = probabilities.shape;
  // Comparing every token with the answer takes a hundred times as long on the wasm engine.
  const isOther = tf.oneHot(tf.tensor1d([...answers], 'int32'), vocabulary, 0, 1);
  const others: tf.Tensor2D = tf.mul(probabilities, tf.cast(isOther, 'float32'));
  return {
    others,
    answer: atAnswer(probabilities, answers),
    rest: sumOfRows(others),
  };
}
