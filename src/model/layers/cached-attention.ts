/**
 * Attention of one new token a sample to the traced tokens before it and to itself: what a causal model computes for each
 * step, since nothing before the prediction's position ever changes.
 */
import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';
import { hasFused, runFused } from './fused.js';
import { gatherRows } from './gather-rows.js';
import { slopeOfSoftCap, softCap } from './soft-cap.js';

/** Keys and values of B prompts' earlier tokens, as the new tokens see them; C of the prompt that has most, others' end in zeros. */
export type KeysAndValues = {
  /** [B, heads, C, size] */
  readonly key: tf.Tensor4D;
  readonly value: tf.Tensor4D;
  /** Of each prompt how many there are. */
  readonly seen: number[];
};

/** With more traced tokens products of matrices are faster than the native engine's own kernel (docs/performance.md). */
const MOST_FUSED = 256;

/** Where the rows of new tokens go for attention, which wants as many of each prompt, side by side. */
export interface Arrangement {
  /** For each place, prompt by prompt, a row; where a prompt has fewer than the others, any. */
  readonly places: readonly number[];
  /** For each row its place. */
  readonly back: readonly number[];
}

export interface CachedAttentionShape {
  readonly prompts: number;
  readonly heads: number;
  /** Scores are multiplied by it. */
  readonly scale: number;
  /** Scores stay within it, plus and minus (soft-cap.ts). */
  readonly cap?: number | undefined;
  /** Undefined: the rows lie so. */
  readonly arrangement?: Arrangement | undefined;
}

/** Those of some prompts, in rising order. */
export function gatherSeen({ key, value, seen }: KeysAndValues, prompts: readonly number[]): KeysAndValues {
  const those = (x: tf.Tensor4D): tf.Tensor4D => {
    const [all, ...shape] = x.shape;
    const rows = tf.reshape<tf.Rank.R2>(x, [all, -1]);
    const gathered = gatherRows(rows, prompts);
    return gathered === rows ? x : tf.reshape(gathered, [prompts.length, ...shape]);
  };
  return { key: those(key), value: those(value), seen: prompts.map(prompt => seen[prompt]) };
}

/**
 * Those of groups of prompts in one.
 * @param parts undefined where a group's prompts see nothing
 * @param prompts of each group, their places among all
 */
export function joinSeen(
  parts: readonly (KeysAndValues | undefined)[],
  prompts: readonly (readonly number[])[],
): KeysAndValues | undefined {
  const [some] = parts.filter(part => part !== undefined);
  if (!some || parts.length === 1) return some;
  const most = Math.max(...parts.map(part => part?.key.shape[2] ?? 0));
  const [, heads, , size] = some.key.shape;
  const filled = (x: tf.Tensor4D | undefined, count: number): tf.Tensor4D => {
    if (!x) return tf.zeros([count, heads, most, size]);
    const lacking: [number, number] = [0, most - x.shape[2]];
    return lacking[1] === 0 ? x : tf.pad(x, [[0, 0], [0, 0], lacking, [0, 0]]);
  };
  const joined = (side: 'key' | 'value'): tf.Tensor4D =>
    tf.concat(
      parts.map((part, group) => filled(part?.[side], prompts[group].length)),
      0,
    );
  const places = prompts.flat();
  const order = places.map((_, prompt) => places.indexOf(prompt));
  const seen = parts.flatMap((part, group) => part?.seen ?? prompts[group].map(() => 0));
  return gatherSeen({ key: joined('key'), value: joined('value'), seen }, order);
}

/**
 * softmax(scale q K^T) V for each head, scores perhaps capped, where K and V are the traced ones and, below them, the new token's own. The samples
 * of a prompt share its traced ones, which get no gradient.
 * @param asked queries, keys and values of the new tokens side by side, [rows, 3 hidden]; where there is no arrangement
 *   row = prompt * steps + step
 * @param traced undefined where the new token sees itself alone
 * @returns [rows, hidden]
 */
export function cachedAttention(
  asked: tf.Tensor2D,
  traced: KeysAndValues | undefined,
  shape: CachedAttentionShape,
): tf.Tensor2D {
  const { arrangement } = shape;
  const arranged = (y: tf.Tensor2D) => (arrangement ? gatherRows(y, arrangement.places) : y);
  const back = (y: tf.Tensor2D) => (arrangement ? gatherRows(y, arrangement.back) : y);
  const isFused =
    traced &&
    shape.cap === undefined &&
    traced.key.shape[2] <= MOST_FUSED &&
    hasFused('KnMixedCachedAttention');
  return differentiable([asked], save => {
    const inputs = arranged(asked); // [prompts * steps, 3 hidden]
    const { context, saved } = isFused
      ? fusedAttention(inputs, traced, shape)
      : byProducts(inputs, traced, shape);
    // The traced ones too: a pass may have gathered them for itself, and keeps nothing that is not saved.
    save(traced ? [...saved, traced.key, traced.value] : saved);
    return {
      value: back(context),
      gradient: (dy, saved) => {
        const dInputs = isFused
          ? fusedGradient(arranged(dy), saved, traced.seen, shape)
          : gradientByProducts(arranged(dy), saved, shape);
        return [back(dInputs)];
      },
    };
  });
}

/** What attention gives, [prompts * steps, hidden], and what its gradient reads. */
interface AttentionAndSaved {
  readonly context: tf.Tensor2D;
  readonly saved: tf.Tensor[];
}

function byProducts(
  inputs: tf.Tensor2D,
  traced: KeysAndValues | undefined,
  { prompts, heads, scale, cap }: CachedAttentionShape,
): AttentionAndSaved {
  const [samples, width] = inputs.shape;
  const hidden = width / 3;
  // (B S, 3 h d) -> (B, 3 h, S, d)
  const all = headsFirst(inputs, [prompts, samples / prompts, 3 * heads, hidden / heads]);
  const [q, k, v] = [0, 1, 2].map(i => tf.slice(all, [0, i * heads, 0, 0], [-1, heads, -1, -1]));
  const own = along(q, k);
  const scores = traced ? tf.concat([tf.matMul(q, traced.key, false, true), own], -1) : own;
  const unseen = traced && unseenOf(traced);
  const capped = softCap(tf.mul(scores, scale), cap);
  const attention = tf.softmax(unseen ? tf.add(capped, unseen) : capped); // (B, h, S, C + 1)
  const earlier = attention.shape[3] ?? 1;
  const ofOwn = tf.mul(keysFrom(attention, earlier - 1, 1), v);
  const context = traced
    ? tf.add(tf.matMul(keysFrom(attention, 0, earlier - 1), traced.value), ofOwn)
    : ofOwn;
  return {
    context: headsLast(context, [samples, hidden]),
    saved: cap === undefined ? [q, k, v, attention] : [q, k, v, attention, slopeOfSoftCap(capped, cap)],
  };
}

/** Added to the score of a token that is not there: its weight is 0 in float32. */
const UNSEEN = -1e9;

/** What is added to scores, [B, 1, 1, C + 1]; undefined where all prompts have as many. */
function unseenOf({ key, seen }: KeysAndValues): tf.Tensor4D | undefined {
  const [prompts, , most] = key.shape;
  if (seen.every(count => count === most)) return undefined;
  const added = seen.flatMap(count =>
    Array.from({ length: most + 1 }, (_, c) => (c >= count && c < most ? UNSEEN : 0)),
  );
  return tf.tensor4d(added, [prompts, 1, 1, most + 1]);
}

function gradientByProducts(
  dy: tf.Tensor2D,
  [q, k, v, attention, ...rest]: tf.Tensor[],
  { prompts, heads, scale, cap }: CachedAttentionShape,
): tf.Tensor2D {
  const [samples, hidden] = dy.shape;
  const [slope, traced] = cap === undefined ? [undefined, rest] : [rest[0], rest.slice(1)];
  const [keys, values]: (tf.Tensor | undefined)[] = traced;
  const earlier = keys?.shape[2] ?? 0;
  const dContext = headsFirst(dy, [prompts, samples / prompts, heads, hidden / heads]);
  const toOwn = along(dContext, v);
  const dAttention = values ? tf.concat([tf.matMul(dContext, values, false, true), toOwn], -1) : toOwn;
  const weighted = tf.mul(dAttention, attention);
  const dCapped = tf.sub(weighted, tf.mul(attention, tf.sum(weighted, -1, true)));
  const dScores = tf.mul(slope ? tf.mul(dCapped, slope) : dCapped, scale);
  const dOwn = keysFrom(dScores, earlier, 1); // (B, h, S, 1)
  const dQueryOfOwn = tf.mul(dOwn, k);
  const dQuery = keys ? tf.add(tf.matMul(keysFrom(dScores, 0, earlier), keys), dQueryOfOwn) : dQueryOfOwn;
  const dKey = tf.mul(dOwn, q);
  const dValue = tf.mul(keysFrom(attention, earlier, 1), dContext);
  return headsLast(tf.concat([dQuery, dKey, dValue], 1), [samples, 3 * hidden]);
}

/** The same by the engine's own kernels, which work on the rows as they are. */
function fusedAttention(
  inputs: tf.Tensor2D,
  { key: keys, value: values, seen }: KeysAndValues,
  { scale }: CachedAttentionShape,
): AttentionAndSaved {
  const all = { inputs, keys, values, seen: tf.tensor1d([...seen], 'int32') };
  const [context, attention] = runFused('KnMixedCachedAttention', all, { scale });
  return { context, saved: [inputs, attention] };
}

function fusedGradient(
  dContext: tf.Tensor2D,
  [inputs, weights, keys, values]: tf.Tensor[],
  seen: readonly number[],
  { scale }: CachedAttentionShape,
): tf.Tensor2D {
  const all = { dContext, inputs, weights, keys, values, seen: tf.tensor1d([...seen], 'int32') };
  const [dInputs] = runFused('KnMixedCachedAttentionGrad', all, { scale });
  return dInputs;
}

/** `count` keys of every query: [B, h, S, count]. */
function keysFrom(y: tf.Tensor, from: number, count: number): tf.Tensor {
  return tf.slice(y, [0, 0, 0, from], [-1, -1, -1, count]);
}

/** The products of rows: [B, h, S, 1]. */
function along(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.sum(tf.mul(a, b), -1, true);
}

/** [B S, h d] -> [B, h, S, d] */
function headsFirst(x: tf.Tensor2D, shape: [number, number, number, number]): tf.Tensor4D {
  return tf.transpose(tf.reshape(x, shape), [0, 2, 1, 3]);
}

/** [B, h, S, d] -> [B S, h d] */
function headsLast(x: tf.Tensor, shape: [number, number]): tf.Tensor2D {
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), shape);
}
