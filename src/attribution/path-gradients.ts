/**
 * Gradients along straight paths, which all integrated gradients are made of: with a_l the activations of layer l at the
 * prediction's position and P(x) the answer's probability when they are replaced by x, for any layer, prompt and alpha
 *
 *     P(alpha a_l)   and   a_l dP/dx (alpha a_l)
 *
 * Where alpha is 1 nothing is replaced, and one pass gives them for every layer.
 */
import * as tf from '@tensorflow/tfjs-core';
import { groupBy } from '../group-by.js';
import { promptsThatFit, samplesThatFit, usualBatchBytes } from '../model/batch-size.js';
import type { LanguageModel, PromptBatch, Trace } from '../model/language-model.js';
import { gatherRows } from '../model/layers/gather-rows.js';
import { splitBatch, tokensOf } from '../model/prompt-batches.js';
import { checkFinite, readFinite } from '../model/read-finite.js';
import { chunksThatFit } from './path-chunks.js';
import type { OnTraced, ScoringOptions } from './scores.js';

/** Where a gradient is asked for: alpha times what a layer's activations are for a prompt. */
export interface PathPoint {
  readonly layer: number;
  /** Its index in the batch. */
  readonly prompt: number;
  readonly alpha: number;
}

export interface PointGradient {
  readonly probability: number;
  /** a_l dP/dx (alpha a_l), [intermediateSize]. */
  readonly gradient: Float32Array;
}

/** At alpha = 1. */
export interface WholeGradient {
  readonly probability: number;
  /** For each layer a_l dP/dx (a_l), [intermediateSize]. */
  readonly gradients: readonly Float32Array[];
}

/** What is asked of a batch. */
export interface AskedGradients {
  /** In any order. */
  readonly points: readonly PathPoint[];
  /** Whether those at alpha = 1 are asked for, of every prompt and layer. */
  readonly whole: boolean;
}

export interface PathGradients {
  /** For each point, in order. */
  readonly points: readonly PointGradient[];
  /** For each prompt, where they are asked for. */
  readonly whole: readonly WholeGradient[] | undefined;
}

/** Who takes gradients as they come, so that nobody need keep them all. */
export interface GradientTaker {
  /** @param index of the point, as asked; points of one layer and prompt come in the order that they were asked in */
  point(index: number, gradient: PointGradient): void;
  /** Before any point of that prompt. */
  whole(prompt: number, gradient: WholeGradient): void;
  /** So many points more are done. */
  done?(points: number): void;
}

/**
 * Gradients at points of the paths of a batch, all of them at once.
 * @param answers the answer's token id for each prompt
 * @param onPoints told so many points more are done
 * @throws UserError where a value is not finite
 */
export async function gradientsAlongPaths(
  model: LanguageModel,
  batch: PromptBatch,
  answers: readonly number[],
  asked: AskedGradients,
  options: ScoringOptions,
  onTraced?: OnTraced,
  onPoints?: (count: number) => void,
): Promise<PathGradients> {
  const points: PointGradient[] = [];
  const whole: WholeGradient[] = [];
  const taker: GradientTaker = {
    point: (index, gradient) => {
      points[index] = gradient;
    },
    whole: (prompt, gradient) => {
      whole[prompt] = gradient;
    },
    ...(onPoints && { done: onPoints }),
  };
  await takeGradients(model, batch, answers, asked, options, taker, onTraced);
  return { points, whole: asked.whole ? whole : undefined };
}

/** The same, one by one as passes are done: a layer's before the next layer's, for as many prompts as are traced at once. */
export async function takeGradients(
  model: LanguageModel,
  batch: PromptBatch,
  answers: readonly number[],
  asked: AskedGradients,
  { site, batchBytes = usualBatchBytes(), samplesAtOnce }: ScoringOptions,
  taker: GradientTaker,
  onTraced?: OnTraced,
): Promise<void> {
  const tokens = tokensOf(batch);
  const promptsAtOnce =
    samplesAtOnce ??
    Math.min(samplesThatFit(model, tokens, batchBytes), promptsThatFit(model, tokens, batchBytes));
  const inOrder = asked.points
    .map((point, index) => ({ ...point, index }))
    .sort((a, b) => a.layer - b.layer || a.prompt - b.prompt || a.index - b.index);
  let first = 0;
  for (const part of splitBatch(batch, promptsAtOnce)) {
    const [from, end] = [first, first + part.tokens.length];
    first = end;
    const points = inOrder.filter(({ prompt }) => prompt >= from && prompt < end);
    if (points.length === 0 && !asked.whole) continue;
    const trace = model.trace(part, site);
    try {
      await onTraced?.(trace, from);
      const paths = { trace, first: from, activations: await readActivations(trace) };
      const passes = points.map(({ layer, prompt }) => ({ layer, tokens: batch.tokens[prompt].length }));
      const room = { bytes: batchBytes, passes: samplesAtOnce };
      const beside = asked.whole ? part.tokens.map(({ length }) => length) : [];
      let done = 0;
      for (const count of chunksThatFit(model, passes, beside, room)) {
        const chunk = points.slice(done, done + count);
        await takeTogether(model, paths, answers, chunk, asked.whole && done === 0, taker);
        taker.done?.(count);
        done += count;
      }
    } finally {
      trace.dispose();
    }
  }
}

type IndexedPoint = PathPoint & { readonly index: number };

/** Where paths lead to: some prompts of a batch, traced. */
interface Paths {
  readonly trace: Trace;
  /** The first of them. */
  readonly first: number;
  /** For each layer [prompts, intermediateSize], row by row. */
  readonly activations: readonly Float32Array[];
}

function readActivations({ activations }: Trace): Promise<Float32Array[]> {
  return Promise.all(activations.map(layer => readFinite(tf.clone(layer), 'an activation')));
}

/** Points of one trace in one pass, and the pass in which nothing is replaced of each of its prompts. */
async function takeTogether(
  model: LanguageModel,
  { trace, first, activations }: Paths,
  answers: readonly number[],
  points: readonly IndexedPoint[],
  whole: boolean,
  taker: GradientTaker,
): Promise<void> {
  if (points.length === 0 && !whole) return;
  const width = model.intermediateSize;
  const ofPrompt = (layer: number, prompt: number) =>
    activations[layer].subarray((prompt - first) * width, (prompt - first + 1) * width);
  const wholePrompts = whole ? Array.from({ length: trace.prompts }, (_, i) => first + i) : [];
  const byLayer = [...groupBy(points, ({ layer }) => layer)];

  const { value, grads } = tf.tidy(() => {
    const scaled = byLayer.map(([layer, points]) => {
      const alphas = tf.tensor2d(
        Float32Array.from(points, ({ alpha }) => alpha),
        [points.length, 1],
      );
      const ofPoints = gatherRows(
        trace.activations[layer],
        points.map(({ prompt }) => prompt - first),
      );
      return tf.mul<tf.Tensor2D>(ofPoints, alphas); // [points, intermediateSize]
    });
    const probes = whole ? trace.activations.map(layer => tf.zerosLike(layer)) : [];
    const answersOfRows = [...wholePrompts, ...points.map(({ prompt }) => prompt)].map(i => answers[i]);
    const probability = (...inputs: tf.Tensor[]) => {
      const matrices = inputs.filter(isMatrix);
      const beginnings = byLayer.map(([layer, points], i) => ({
        layer,
        prompts: points.map(({ prompt }) => prompt - first),
        activations: matrices[i],
      }));
      const rest = trace.resumeTogether(beginnings, whole ? matrices.slice(byLayer.length) : undefined);
      return model.answerProbability(rest, answersOfRows);
    };
    // Each row's probability depends on its own activations alone, so the gradient of their sum is that of each.
    return tf.valueAndGrads(probability)([...scaled, ...probes]);
  });
  const [probabilities, ...gradients] = await Promise.all([
    readFinite(value, 'a probability'),
    ...grads.map(gradient => gradient.data<'float32'>().finally(() => gradient.dispose())),
  ]);

  /** A row of a gradient times the activations of its layer. */
  const timesActivations = (gradient: Float32Array, row: number, layer: number, prompt: number) => {
    const score = gradient.subarray(row * width, (row + 1) * width);
    const of = ofPrompt(layer, prompt);
    for (let n = 0; n < width; n++) score[n] *= of[n];
    checkFinite(score, 'a score');
    return score;
  };
  wholePrompts.forEach((prompt, i) => {
    const ofLayers = gradients.slice(byLayer.length);
    taker.whole(prompt, {
      probability: probabilities[i],
      gradients: ofLayers.map((gradient, layer) => timesActivations(gradient, i, layer, prompt)),
    });
  });
  let row = wholePrompts.length;
  byLayer.forEach(([layer, points], i) => {
    points.forEach(({ index, prompt }, ofLayer) => {
      const gradient = timesActivations(gradients[i], ofLayer, layer, prompt);
      taker.point(index, { probability: probabilities[row++], gradient });
    });
  });
}

function isMatrix(tensor: tf.Tensor): tensor is tf.Tensor2D {
  return tensor.rank === 2;
}
