/** The gradient where the model stands, times the activation: a_l dP/da_l, one step of integrated gradients at alpha = 1. */
import * as tf from '@tensorflow/tfjs-core';
import { promptsThatFit, samplesThatFit } from '../model/batch-size.js';
import type { LanguageModel, PromptBatch, Trace } from '../model/language-model.js';
import { scale } from '../model/layers/scale.js';
import { splitBatch } from '../model/prompt-batches.js';
import { type OnScored, type OnTraced, readScores, type Scores, type ScoringOptions } from './scores.js';

/**
 * Scores of every neuron for each prompt of a batch: one pass from the first layer's activations, forward and back.
 * @param answers the answer's token id for each prompt
 */
export async function gradientXActivation(
  model: LanguageModel,
  batch: PromptBatch,
  answers: readonly number[],
  { site, batchBytes, samplesAtOnce }: ScoringOptions,
  onScored: OnScored = () => undefined,
  onTraced?: OnTraced,
): Promise<Scores[]> {
  const tokens = batch.tokens[0].length;
  const promptsAtOnce =
    samplesAtOnce ??
    Math.min(samplesThatFit(model, tokens, batchBytes), promptsThatFit(model, tokens, batchBytes));
  const scores: Scores[] = [];
  for (const part of splitBatch(batch, promptsAtOnce)) {
    const trace = model.trace(part, site);
    try {
      await onTraced?.(trace, scores.length);
      const partAnswers = answers.slice(scores.length, scores.length + promptsAtOnce);
      const layers: Float32Array[][] = [];
      for (const layer of scoresAtTrace(model, trace, partAnswers, 1)) layers.push(await readScores(layer));
      for (let prompt = 0; prompt < trace.prompts; prompt++) scores.push(layers.map(layer => layer[prompt]));
      onScored(trace.prompts * model.layers);
    } finally {
      trace.dispose();
    }
  }
  return scores;
}

/**
 * The step at alpha = 1, where nothing is replaced, so that one pass serves all layers: with the activations of each
 * layer multiplied by a row m_l of ones, dP/dm_l = a_l dP/da_l.
 * @param weight of the step
 * @returns for each layer `weight` a_l dP/da_l, [prompts, intermediateSize]
 */
export function scoresAtTrace(
  model: LanguageModel,
  trace: Trace,
  answers: readonly number[],
  weight: number,
): tf.Tensor2D[] {
  return tf.tidy(() => {
    const ones = trace.activations.map(activations => tf.onesLike(activations));
    const probability = (...multipliers: tf.Tensor[]) => {
      const [first, ...later] = multipliers.filter(isMatrix);
      const factors = new Map(later.map((factor, i) => [i + 1, factor]));
      const activations = scale(trace.activations[0], first);
      return model.answerProbability(trace.resume(0, activations, factors), answers);
    };
    const { value, grads } = tf.valueAndGrads(probability)(ones, tf.fill([trace.prompts, 1], weight));
    value.dispose();
    return grads.filter(isMatrix);
  });
}

export function isMatrix(tensor: tf.Tensor): tensor is tf.Tensor2D {
  return tensor.rank === 2;
}
