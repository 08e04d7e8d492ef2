import * as tf from '@tensorflow/tfjs-core';
import type { LanguageModel, Site } from '../model/language-model.js';
import { readFinite } from '../model/read-finite.js';
import type { Query } from '../model/tokenizer/tokenizer.js';
import type { Scores } from './scores.js';

/**
 * How far the scores are from adding up to what they explain (Sundararajan et al., 2017, proposition 1; Captum's
 * convergence delta), for each layer l: sum(Attr(l)) - (P(a_l) - P(0)). Zero for an exact integral.
 * @param queries one prompt's, one for each token of the answer: P is the mean over them, as the scores are
 */
export async function convergenceDeltas(
  model: LanguageModel,
  queries: readonly Query[],
  scores: Scores,
  site?: Site,
): Promise<number[]> {
  const deltas = scores.map(row => row.reduce((sum, score) => sum + score, 0));
  for (const { tokens, position, answer } of queries) {
    const trace = model.trace({ tokens: [tokens], positions: [position] }, site);
    try {
      const probability = (prediction: () => tf.Tensor2D) =>
        readNumber(tf.tidy(() => model.answerProbability(prediction(), [answer])));
      const whole = await probability(() => trace.prediction);
      for (const layer of deltas.keys()) {
        const without = await probability(() => trace.resume(layer, tf.zerosLike(trace.activations[layer])));
        deltas[layer] -= (whole - without) / queries.length;
      }
    } finally {
      trace.dispose();
    }
  }
  return deltas;
}

async function readNumber(tensor: tf.Tensor): Promise<number> {
  const [number] = await readFinite(tensor, 'a probability');
  return number;
}
