import * as tf from '@tensorflow/tfjs-core';
import { disposeTrace, type LanguageModel, type PromptBatch } from '../model/language-model.js';
import type { Scores } from './integrated-gradients.js';

/**
 * How far the scores are from adding up to what they explain (Sundararajan et al., 2017, proposition 1; Captum's
 * convergence delta), for each layer l: sum(Attr(l)) - (P(a_l) - P(0)). Zero for an exact integral.
 * @param batch one prompt
 */
export function convergenceDeltas(
  model: LanguageModel,
  batch: PromptBatch,
  answer: number,
  scores: Scores,
): number[] {
  const probability = (prediction: tf.Tensor2D) =>
    model.answerProbability(prediction, [answer]).dataSync()[0];
  const trace = model.trace(batch);
  try {
    const whole = tf.tidy(() => probability(trace.prediction));
    return scores.map((row, layer) => {
      const without = tf.tidy(() =>
        probability(model.resume(trace, layer, tf.zerosLike(trace.layers[layer].activations))),
      );
      return row.reduce((sum, score) => sum + score, 0) - (whole - without);
    });
  } finally {
    disposeTrace(trace);
  }
}
