/**
 * Integrated gradients over feed-forward activations (Dai et al., 2021, eq. 3, after Sundararajan et al., 2017).
 *
 * With a_l the activations of layer l at the prediction's position and P(x) the answer's probability when they
 * are replaced by x:
 *
 *     Attr(l) = a_l * sum_k w_k dP/dx (alpha_k a_l)
 */
import * as tf from '@tensorflow/tfjs-core';
import { promptsThatFit, samplesThatFit } from '../model/batch-size.js';
import type { LanguageModel, PromptBatch, Trace } from '../model/language-model.js';
import { scale, scaleForSteps } from '../model/layers/scale.js';
import { splitBatch } from '../model/prompt-batches.js';
import { isMatrix, scoresAtTrace } from './gradient-x-activation.js';
import { type Quadrature, quadrature, type Rule } from './rules.js';
import { type OnScored, type OnTraced, readScores, type Scores, type ScoringOptions } from './scores.js';

export interface IntegratedGradientsOptions extends ScoringOptions {
  readonly rule: Rule;
  readonly steps: number;
}

/**
 * Scores of every neuron for each prompt of a batch.
 * @param answers the answer's token id for each prompt
 */
export async function integratedGradients(
  model: LanguageModel,
  batch: PromptBatch,
  answers: readonly number[],
  { rule, steps, site, batchBytes, samplesAtOnce, layersTogether = false }: IntegratedGradientsOptions,
  onScored: OnScored = () => undefined,
  onTraced?: OnTraced,
): Promise<Scores[]> {
  const room = samplesAtOnce ?? samplesThatFit(model, batch.tokens[0].length, batchBytes);
  // A pass of all layers keeps the values of (layers + 1) / 2 passes through all layers.
  const promptsTogether = Math.floor(room / ((steps * (model.layers + 1)) / 2));
  // A causal model's samples are a row each: apart, their products would be small on any device.
  const together = (layersTogether || model.causal) && promptsTogether > 0;
  // A causal trace has a row for the step at alpha = 1 among the others, which costs less than a pass through all weights.
  const all = quadrature(rule, steps);
  const { inner, whole } = together && model.causal ? { inner: all, whole: 0 } : splitAtTrace(all);
  const promptsAtOnce = Math.min(
    together ? promptsTogether : Math.max(1, Math.floor(room / steps)),
    promptsThatFit(model, batch.tokens[0].length, batchBytes),
  );
  const scores: Scores[] = [];
  for (const part of splitBatch(batch, promptsAtOnce)) {
    const trace = model.trace(part, site);
    try {
      await onTraced?.(trace, scores.length);
      const partAnswers = answers.slice(scores.length, scores.length + promptsAtOnce);
      const atTrace = whole === 0 ? [] : scoresAtTrace(model, trace, partAnswers, whole);
      const layers: Float32Array[][] = [];
      try {
        if (together) {
          layers.push(...(await scoreTogether(model, trace, partAnswers, inner, atTrace)));
          onScored(trace.prompts * model.layers);
        } else {
          for (let layer = 0; layer < model.layers; layer++) {
            layers.push(await scoreLayer(model, trace, layer, partAnswers, inner, room, atTrace[layer]));
            onScored(trace.prompts);
          }
        }
      } finally {
        tf.dispose(atTrace);
      }
      for (let prompt = 0; prompt < trace.prompts; prompt++) scores.push(layers.map(layer => layer[prompt]));
    } finally {
      trace.dispose();
    }
  }
  return scores;
}

/** The steps below alpha = 1, and the weight of the step there, 0 where the rule has none. */
function splitAtTrace({ alphas, weights }: Quadrature): { inner: Quadrature; whole: number } {
  const last = alphas.length - 1;
  if (alphas[last] !== 1) return { inner: { alphas, weights }, whole: 0 };
  return { inner: { alphas: alphas.slice(0, last), weights: weights.slice(0, last) }, whole: weights[last] };
}

/** Attr(l) for each prompt of a trace: [prompts][intermediateSize]. */
async function scoreLayer(
  model: LanguageModel,
  trace: Trace,
  layer: number,
  answers: readonly number[],
  { alphas, weights }: Quadrature,
  room: number,
  atTrace: tf.Tensor2D | undefined,
): Promise<Float32Array[]> {
  const activations = trace.activations[layer];
  const stepsAtOnce = Math.max(1, Math.floor(room / trace.prompts));
  const scores = tf.tidy(() => {
    const parts: tf.Tensor2D[] = [];
    for (let first = 0; first < alphas.length; first += stepsAtOnce) {
      const end = first + stepsAtOnce;
      parts.push(
        weightedGradient(model, trace, layer, answers, alphas.slice(first, end), weights.slice(first, end)),
      );
    }
    if (parts.length === 0) return tf.clone(atTrace ?? tf.zerosLike(activations));
    const below = tf.mul<tf.Tensor2D>(activations, parts.length === 1 ? parts[0] : tf.addN(parts));
    return atTrace ? tf.add<tf.Tensor2D>(below, atTrace) : below;
  });
  return readScores(scores);
}

/** Attr(l) for each layer and prompt of a trace: [layers][prompts][intermediateSize], in one batch. */
async function scoreTogether(
  model: LanguageModel,
  trace: Trace,
  answers: readonly number[],
  { alphas, weights }: Quadrature,
  atTrace: readonly tf.Tensor2D[],
): Promise<Float32Array[][]> {
  const scores = tf.tidy(() => {
    const below = alphas.length === 0 ? [] : weightedGradients(model, trace, answers, alphas, weights);
    return trace.activations.map((activations, layer) => {
      const inner =
        below.length === 0 ? tf.zerosLike(activations) : tf.mul<tf.Tensor2D>(activations, below[layer]);
      return layer < atTrace.length ? tf.add<tf.Tensor2D>(inner, atTrace[layer]) : inner;
    });
  });
  const layers: Float32Array[][] = [];
  for (const layer of scores) layers.push(await readScores(layer));
  return layers;
}

/** sum_k w_k dP/dx (alpha_k a_l) for each prompt, [prompts, intermediateSize], in one batch of prompts x steps. */
function weightedGradient(
  model: LanguageModel,
  trace: Trace,
  layer: number,
  answers: readonly number[],
  alphas: readonly number[],
  weights: readonly number[],
): tf.Tensor2D {
  return tf.tidy(() => {
    const answerOfSample = answers.flatMap(answer => alphas.map(() => answer));
    const weightOfSample = answers.flatMap(() => weights.map(weight => [weight]));
    const weighted = (probe: tf.Tensor2D) => {
      const scaled = scaleForSteps(trace.activations[layer], alphas, probe); // (B S, F)
      const probability = model.answerProbability(trace.resume(layer, scaled), answerOfSample);
      return scale(probability, tf.tensor2d(weightOfSample)); // w_k P, [samples, 1]
    };
    return tf.valueAndGrad(weighted)(tf.zerosLike(trace.activations[layer])).grad;
  });
}

/** The same for every layer, in one batch of layers x prompts x steps. */
function weightedGradients(
  model: LanguageModel,
  trace: Trace,
  answers: readonly number[],
  alphas: readonly number[],
  weights: readonly number[],
): tf.Tensor2D[] {
  const probes = trace.activations.map(activations => tf.zerosLike(activations));
  const weighted = (...probes: tf.Tensor[]) => {
    const { hidden, rows } = trace.resumeTogether(alphas, probes.filter(isMatrix));
    const answerOfRow = rows.map(({ prompt }) => answers[prompt]);
    const weightOfRow = rows.map(({ step }) => [weights[step]]);
    return scale(model.answerProbability(hidden, answerOfRow), tf.tensor2d(weightOfRow)); // w_k P, [rows, 1]
  };
  return tf.valueAndGrads(weighted)(probes).grads.filter(isMatrix);
}
