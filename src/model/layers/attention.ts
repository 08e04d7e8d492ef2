import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';
import { hasFused, runFused } from './fused.js';
import { affine, type LinearWeights } from './linear.js';
import { softCap } from './soft-cap.js';
import { type EvenGroup, gatherSamples, groupsByLength, joinGroups, type Lengths } from './token-rows.js';
import { enterTransposed, leaveTransposed, throughTransposed } from './weight-product.js';

/** What the rows of an attention's matrices stand for: tokens of samples, as they lie in `token-rows.ts`. */
export interface AttentionShape {
  /** Of each sample. */
  readonly lengths: Lengths;
  readonly heads: number;
  /** Scores are multiplied by it: 1 / sqrt(head size) in BERT. */
  readonly scale: number;
}

/** Samples of one length. */
export interface EvenShape {
  readonly samples: number;
  readonly heads: number;
}

/** [tokens * samples, heads * size] -> [samples, heads, tokens, size] */
export function splitHeads(x: tf.Tensor, { samples, heads }: EvenShape): tf.Tensor4D {
  const [rows, hidden] = x.shape;
  return tf.transpose(tf.reshape(x, [rows / samples, samples, heads, hidden / heads]), [1, 2, 0, 3]);
}

/**
 * Several such matrices that lie side by side: queries, keys and values.
 * @param inputs [tokens * samples, parts heads size]
 * @returns [samples, heads, tokens, size] each
 */
export function splitJoinedHeads(
  inputs: tf.Tensor2D,
  { samples, heads }: EvenShape,
  parts: number,
): tf.Tensor4D[] {
  const [rows, width] = inputs.shape;
  const ofParts = tf.reshape<tf.Rank.R5>(inputs, [
    rows / samples,
    samples,
    parts,
    heads,
    width / (parts * heads),
  ]);
  const isOfHeads = (x: tf.Tensor): x is tf.Tensor4D => x.rank === 4;
  return tf.unstack(tf.transpose(ofParts, [2, 1, 3, 0, 4])).filter(isOfHeads);
}

/** [samples, heads, tokens, size] -> [tokens * samples, heads * size] */
export function joinHeads(x: tf.Tensor4D): tf.Tensor2D {
  const [samples, heads, tokens, size] = x.shape;
  return tf.reshape(tf.transpose(x, [2, 0, 1, 3]), [tokens * samples, heads * size]);
}

/** The projections of an attention's input. Keys and values are asked of every row, queries of some: those are apart. */
export type AttentionWeights = {
  /** [hidden, hidden] */
  readonly query: LinearWeights;
  /** Keys and values side by side, [hidden, 2 hidden]. */
  readonly keyValue: LinearWeights;
};

/**
 * Multi-head scaled dot-product attention, every token on every token (Vaswani et al., 2017, eq. 1):
 * softmax(scale Q K^T) V for each head. Queries may be fewer than keys: the last layer asks for one row alone.
 * @param query of every token, or of each sample's first: [rows or samples, hidden]
 * @param keyValue of every token, [rows, 2 hidden]
 * @returns [rows or samples, hidden]
 */
export function attention(query: tf.Tensor2D, keyValue: tf.Tensor2D, shape: AttentionShape): tf.Tensor2D {
  return differentiable([query, keyValue], save => ({
    value: attend(query, keyValue, shape, save),
    gradient: (dy, saved) => attendGradients(dy, saved, shape),
  }));
}

/**
 * {@link attention} of x to itself, by the projections in `weights`: one operation, so that its backward pass sums
 * the ways back to x before the tape sees them.
 * @param x of every token, [rows, hidden]
 * @param asking how many rows of x, from the top, ask a query: all, or as many as there are samples
 * @returns [asking, hidden]
 */
export function selfAttention(
  x: tf.Tensor2D,
  { query, keyValue }: AttentionWeights,
  asking: number,
  shape: AttentionShape,
): tf.Tensor2D {
  const [rows, hidden] = x.shape;
  return differentiable([x], save => {
    const asked = asking === rows ? x : tf.slice(x, [0, 0], [asking, hidden]);
    return {
      value: attend(affine(asked, query), affine(x, keyValue), shape, save),
      gradient: (dy, saved) => {
        const [dQuery, dKeyValue] = attendGradients(dy, saved, shape);
        const back = (d: tf.Tensor2D, weights: LinearWeights) =>
          leaveTransposed(throughTransposed(weights, enterTransposed(d)));
        const toAsked = back(dQuery, query);
        const below: [number, number] = [0, rows - asking];
        return [
          tf.add(back(dKeyValue, keyValue), asking === rows ? toAsked : tf.pad(toAsked, [below, [0, 0]])),
        ];
      },
    };
  });
}

/**
 * By the engine's own kernel, which works on the rows as they are, and saves three tensors; else by groups of one length, of which each
 * saves four.
 */
function attend(
  query: tf.Tensor2D,
  keyValue: tf.Tensor2D,
  shape: AttentionShape,
  save: (tensors: tf.Tensor[]) => void,
): tf.Tensor2D {
  const { lengths, heads, scale } = shape;
  if (hasFused('KnMixedAttention')) {
    const inputs = { query, keyValue, lengths: lengthsTensor(shape) };
    const [context, weights] = runFused('KnMixedAttention', inputs, { heads, scale });
    save([query, keyValue, weights]);
    return context;
  }
  const asking = askingOf(query, lengths);
  const groups = groupsByLength(lengths);
  const parts = groups.map(({ samples }) => {
    const even = { samples: samples.length, heads };
    const q = splitHeads(gatherSamples(query, asking, samples), even);
    const [k, v] = splitJoinedHeads(gatherSamples(keyValue, lengths, samples), even, 2);
    return { q, k, v, ...attendHeads(q, k, v, shape) };
  });
  save(parts.flatMap(({ q, k, v, weights }) => [q, k, v, weights]));
  return joinGroups(
    parts.map(({ context }) => joinHeads(context)),
    groupsAsking(groups, asking),
  );
}

/** Those of query and keyValue, from what {@link attend} saved. */
function attendGradients(dy: tf.Tensor2D, saved: tf.Tensor[], shape: AttentionShape): tf.Tensor2D[] {
  const { lengths, heads, scale } = shape;
  if (saved.length === 3) {
    const [query, keyValue, weights] = saved;
    const inputs = { dContext: dy, query, keyValue, lengths: lengthsTensor(shape), weights };
    return runFused('KnMixedAttentionGrad', inputs, { heads, scale });
  }
  const asking = askingOf(dy, lengths);
  const groups = groupsByLength(lengths);
  const parts = groups.map(({ samples }, i) => {
    const dContext = splitHeads(gatherSamples(dy, asking, samples), { samples: samples.length, heads });
    const ofGroup = saved.slice(4 * i, 4 * (i + 1));
    const [dQuery, dKey, dValue] = gradientsOfHeads(dContext, ofGroup, shape).map(joinHeads);
    return { dQuery, dKeyValue: tf.concat([dKey, dValue], 1) };
  });
  return [
    joinGroups(
      parts.map(({ dQuery }) => dQuery),
      groupsAsking(groups, asking),
    ),
    joinGroups(
      parts.map(({ dKeyValue }) => dKeyValue),
      groups,
    ),
  ];
}

function lengthsTensor({ lengths }: AttentionShape): tf.Tensor1D {
  return tf.tensor1d([...lengths], 'int32');
}

/** How many of each sample's tokens ask a query: all, or its first. */
function askingOf({ shape: [rows] }: tf.Tensor2D, lengths: Lengths): Lengths {
  return rows === lengths.length ? lengths.map(() => 1) : lengths;
}

function groupsAsking(groups: readonly EvenGroup[], asking: Lengths): EvenGroup[] {
  return groups.map(({ samples }) => ({ length: asking[samples[0]], samples }));
}

/** How scores become weights. */
export interface Scoring {
  /** Scores are multiplied by it: 1 / sqrt(head size) in BERT. */
  readonly scale: number;
  /** Scores stay within it, plus and minus (soft-cap.ts). */
  readonly cap?: number | undefined;
  /** [queries, keys], added to the scores: where it is very low, a query does not see a key. */
  readonly mask?: tf.Tensor2D;
}

/**
 * softmax(scale Q K^T) V, head by head, without a gradient: a part of operations that have one.
 * @param q (N, h, Tq, d)
 * @param k (N, h, T, d)
 * @param v (N, h, T, d)
 * @returns context (N, h, Tq, d), weights (N, h, Tq, T)
 */
export function attendHeads(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  { scale, cap, mask }: Scoring,
): { context: tf.Tensor4D; weights: tf.Tensor4D } {
  const scores = softCap<tf.Tensor4D>(tf.mul(tf.matMul(q, k, false, true), scale), cap); // (N, h, Tq, T)
  const weights: tf.Tensor4D = tf.softmax(mask ? tf.add(scores, mask) : scores);
  return { context: tf.matMul(weights, v), weights };
}

/**
 * Those of q, k and v in {@link attendHeads}, where scores have no cap.
 * @param dContext (N, h, Tq, d)
 */
export function gradientsOfHeads(
  dContext: tf.Tensor4D,
  [q, k, v, weights]: tf.Tensor[],
  { scale }: Omit<Scoring, 'cap'>,
): tf.Tensor4D[] {
  const dWeights = tf.matMul(dContext, v, false, true); // (N, h, Tq, T)
  const weighted = tf.mul(dWeights, weights);
  const dScores: tf.Tensor4D = tf.mul(tf.sub(weighted, tf.mul(weights, tf.sum(weighted, -1, true))), scale);
  return [
    tf.matMul(dScores, k),
    tf.matMul(dScores, q, true, false),
    tf.matMul(weights, dContext, true, false),
  ];
}
