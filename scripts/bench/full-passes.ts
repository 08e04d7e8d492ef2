/**
 * Integrated gradients as EleutherAI/knowledge-neurons computes them for a GPT (knowledge_neurons.py, get_scores_for_layer):
 * for each layer one whole pass for the activations, then the whole model, from the embeddings, for every step, all positions
 * through all layers and the vocabulary; the gradient goes back to the layer's activations. What kn saves is measured
 * against it.
 */
import * as tf from '@tensorflow/tfjs-core';
import { quadrature, type Rule } from '../../src/attribution/rules.js';
import type { Scores } from '../../src/attribution/scores.js';
import type { DecoderConfig } from '../../src/model/decoder/config.js';
import { seenBy } from '../../src/model/decoder/seen-by.js';
import type { DecoderWeights } from '../../src/model/decoder/weights.js';
import { vocabularyScores } from '../../src/model/layers/answer-probability.js';
import {
  attendHeads,
  type EvenShape,
  gradientsOfHeads,
  joinHeads,
  type Scoring,
  splitHeads,
  splitJoinedHeads,
} from '../../src/model/layers/attention.js';
import { differentiable } from '../../src/model/layers/differentiable.js';
import { embedRows, positionFirst } from '../../src/model/layers/embeddings.js';
import { feedForward, toActivations } from '../../src/model/layers/feed-forward.js';
import { linear, linearWithResidual } from '../../src/model/layers/linear.js';
import { joinRows, takeMaskRows, takeOtherRows } from '../../src/model/layers/mask-rows.js';
import { norm } from '../../src/model/layers/norm.js';
import { times } from '../../src/model/layers/token-table.js';
import type { Query } from '../../src/model/tokenizer/tokenizer.js';

export interface WholeModel {
  readonly config: DecoderConfig;
  readonly weights: DecoderWeights;
}

/** Scores of every neuron, [layers][intermediateSize], by passes that reuse nothing. */
export async function scoresByFullPasses(
  model: WholeModel,
  { tokens, answer }: Query,
  rule: Rule,
  steps: number,
): Promise<Scores> {
  const { alphas, weights } = quadrature(rule, steps);
  const scores: Float32Array[] = [];
  for (let layer = 0; layer < model.config.layers; layer++) {
    const row = tf.tidy(() => {
      const { activations } = wholePass(model, tokens, 1, answer, layer);
      const scaled = tf.mul<tf.Tensor2D>(activations, tf.tensor2d([...alphas], [steps, 1])); // (S, F)
      const probability = (x: tf.Tensor2D) => wholePass(model, tokens, steps, answer, layer, x).probability;
      const { grad } = tf.valueAndGrad(probability)(scaled, tf.tensor2d([...weights], [steps, 1]));
      return tf.mul(tf.sum(grad, 0, true), activations);
    });
    scores.push(Float32Array.from(await row.data<'float32'>()));
    row.dispose();
  }
  return scores;
}

/** The whole model for `samples` copies of a prompt, with given activations (S, F) at the last position in one layer. */
function wholePass(
  model: WholeModel,
  tokens: readonly number[],
  samples: number,
  answer: number,
  layer: number,
  given?: tf.Tensor2D,
): { activations: tf.Tensor2D; probability: tf.Tensor2D } {
  const { config, weights: all } = model;
  const order = Array.from({ length: samples }, () => positionFirst(tokens.length, tokens.length - 1));
  const { words, places } = embedRows(
    all.wordEmbeddings,
    all.positionEmbeddings,
    order.map(() => tokens),
    order,
  );
  let x = places ? tf.add<tf.Tensor2D>(words, places) : words; // (T S, H), the last tokens first
  let activations = given;
  for (let index = 0; index < config.layers; index++) {
    const weights = all.layers[index];
    const { scale, window } = config.attention[index];
    const inputs = linear(norm(x, weights.attentionNorm), weights.attentionInput); // (T S, 3 H)
    const context = selfAttention(inputs, {
      samples,
      heads: config.heads,
      scale,
      mask: seenBy(tokens.length, tokens.length, window),
    });
    const attended = linearWithResidual(context, weights.attentionOutput, x); // (T S, H)
    const normalized = norm(attended, weights.feedForwardNorm);
    if (index === layer) {
      const own = given ?? toActivations(takeMaskRows(normalized, samples), weights.feedForward, 'post');
      activations = own;
      const atLast = linearWithResidual(own, weights.feedForward.output, takeMaskRows(attended, samples));
      const [others, residual] = [normalized, attended].map(x => takeOtherRows(x, samples));
      x = joinRows(atLast, feedForward(others, weights.feedForward, residual));
    } else {
      x = feedForward(normalized, weights.feedForward, attended);
    }
  }
  if (!activations) throw new RangeError(`no layer ${layer}`);
  return { activations, probability: probabilityOfLast(all, norm(x, all.finalNorm), samples, answer) };
}

/** Every token's attention: (T S, 3 H) -> (T S, H). */
function selfAttention(inputs: tf.Tensor2D, shape: EvenShape & Scoring): tf.Tensor2D {
  return differentiable([inputs], save => {
    const [q, k, v] = splitJoinedHeads(inputs, shape, 3);
    const { context, weights } = attendHeads(q, k, v, shape);
    save([q, k, v, weights]);
    return {
      value: joinHeads(context),
      gradient: (dy, saved) => [
        tf.concat(gradientsOfHeads(splitHeads(dy, shape), saved, shape).map(joinHeads), 1),
      ],
    };
  });
}

/** P(answer) at the last position, by way of the logits of all positions, as the replication has it. */
function probabilityOfLast(
  { vocabulary }: DecoderWeights,
  hidden: tf.Tensor2D,
  samples: number,
  answer: number,
): tf.Tensor2D {
  const logits = differentiable([hidden], () => ({
    value: vocabularyScores(hidden, vocabulary), // (T S, V)
    gradient: dy => [times(dy, vocabulary.embeddings)],
  }));
  const last = takeMaskRows(logits, samples); // (S, V)
  return differentiable([last], save => {
    const probabilities = tf.softmax(last);
    const own = tf.slice(probabilities, [0, answer], [samples, 1]);
    save([probabilities, own]);
    return {
      value: own,
      gradient: (dy, [probabilities, own]) => {
        const isAnswer = tf.oneHot(tf.tensor1d([answer], 'int32'), probabilities.shape[1] ?? 0);
        return [tf.mul(tf.sub(isAnswer, probabilities), tf.mul(dy, own))];
      },
    };
  });
}

/** The operations of the products of {@link scoresByFullPasses}, as src/attribution/count-operations.ts counts them. */
export function countFullPasses(config: DecoderConfig, tokens: number, steps: number): number {
  const { layers, hiddenSize: h, intermediateSize: f, vocabularySize } = config;
  const [samplesOfTrace, rows] = [1, tokens * steps];
  const attention = (samples: number) => 2 * 2 * samples * tokens * tokens * h;
  const layer = (samples: number) => 2 * samples * tokens * (4 * h * h + 2 * h * f) + attention(samples);
  const vocabulary = (rows: number) => 2 * rows * h * vocabularySize;
  let total = 0;
  for (let of = 0; of < layers; of++) {
    total += layers * layer(samplesOfTrace) + vocabulary(tokens);
    // In the layer itself the last row's first half is given, and the second half of that row alone goes back.
    const own = layer(steps) - 2 * steps * h * f;
    total += (layers - 1) * layer(steps) + own + vocabulary(rows);
    total += (layers - 1 - of) * (layer(steps) + attention(steps)) + 2 * steps * h * f + vocabulary(rows);
  }
  return total;
}
