import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';

/** The matrix that turns a hidden row into a score for each token of the vocabulary. */
export type VocabularyWeights = {
  /** [vocabulary, hidden]: a checkpoint's own layout, and where tied the word embeddings themselves. */
  readonly embeddings: tf.Tensor2D;
  /** [vocabulary]; GPTs have none. */
  readonly bias: tf.Tensor1D | undefined;
};

/**
 * P(token) for every token of the vocabulary.
 * @param hidden [rows, hidden]
 * @returns [rows, vocabulary]
 */
export function vocabularyProbabilities(
  hidden: tf.Tensor2D,
  { embeddings, bias }: VocabularyWeights,
): tf.Tensor2D {
  // The wasm engine wants both sides plain (see transposed-product.ts): E h^T, then its transpose.
  const scores: tf.Tensor2D =
    tf.getBackend() === 'wasm'
      ? tf.transpose(tf.matMul(embeddings, tf.transpose(hidden)))
      : tf.matMul(hidden, embeddings, false, true);
  return tf.softmax(bias ? tf.add<tf.Tensor2D>(scores, bias) : scores);
}

/**
 * P(answer) for each row, and its gradient: with P the whole distribution and E the embeddings,
 * dP(answer)/dhidden = P(answer) sum_j P(j) (E[answer] - E[j]). The sum goes over the other tokens alone: with the answer in
 * it, it would be a difference of two large sums where P(answer) is near 1, with few digits left in float32.
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
    const probabilities = vocabularyProbabilities(hidden, weights);
    const positions = tf.tensor2d(
      answers.map((answer, row) => [row, answer]),
      undefined,
      'int32',
    );
    const answerProbabilities: tf.Tensor2D = tf.expandDims(tf.gatherND(probabilities, positions), 1);
    const [rows, vocabulary] = probabilities.shape;
    const isOther = tf.notEqual(
      tf.range(0, vocabulary, 1, 'int32'),
      tf.tensor2d([...answers], [rows, 1], 'int32'),
    );
    const others: tf.Tensor2D = tf.mul(probabilities, tf.cast(isOther, 'float32'));
    save([others, answerProbabilities]);
    return {
      value: answerProbabilities,
      gradient: (dy, [others, answerProbabilities]) => {
        const own = tf.gather(weights.embeddings, tf.tensor1d([...answers], 'int32')); // [rows, hidden]
        const expected = tf.matMul(others, weights.embeddings); // [rows, hidden]
        const difference = tf.sub(tf.mul(tf.sum(others, 1, true), own), expected);
        return [tf.mul(difference, tf.mul(dy, answerProbabilities))];
      },
    };
  });
}
