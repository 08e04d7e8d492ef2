import * as tf from '@tensorflow/tfjs-core';
import { disposeTrace, type LanguageModel, type PromptBatch } from '../model/language-model.js';
import type { Scores } from './integrated-gradients.js';

/**
 * How far the scores are from adding up to what they explain (Sundararajan et al., 2017, proposition 1; Captum's
 * convergence delta), for each layer l: sum(Attr(l)) - (P(a_l) - P(0)). Zero for an exact integral.
 * @param batch one prompt
 */
export async function convergenceDeltas(
  model: LanguageModel,
  batch: PromptBatch,
  answer: number,
  scores: Scores,
): Promise<number[]> {
  const trace = model.trace(batch);
  try {
    const probability = (prediction: () => tf.Tensor2D) =>
      readNumber(tf.tidy(() => model.answerProbability(prediction(), [answer])));
    const whole = await probability(() => trace.prediction);
    const deltas: number[] = [];
    for (const [layer, row] of scores.entries()) {
      const without = await probability(() =>
        model.resume(trace, layer, tf.zerosLike(trace.layers[layer].activations)),
      );
      deltas.push(row.reduce((sum, score) => sum + score, 0) - (whole - without));
    }
    return deltas;
  } finally {
    disposeTrace(trace);
  }
}

async function readNumber(tensor: tf.Tensor): Promise<number> {
  const [number] = await tensor.data();
  tensor.dispose();
  return number;
}
