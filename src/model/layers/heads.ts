import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';
import { hasFused, runFused } from './fused.js';
import { type RmsNormWeights, rmsNormalize, slopeOfRmsNormalize } from './rms-norm.js';
import { type Turn, turned, turnedBack } from './rotary.js';

/** How a layer's queries, keys and values share heads. */
export interface HeadSharing {
  readonly heads: number;
  /** Fewer where query heads share keys and values (Ainslie et al., 2023, https://arxiv.org/abs/2305.13245): neighbours do. */
  readonly keyValueHeads: number;
}

/** Of every head's queries and keys, over a head's width (Qwen3). */
export type HeadNorms = {
  readonly query: RmsNormWeights;
  readonly key: RmsNormWeights;
};

/**
 * Queries and keys normalised head by head, values as they are.
 * @param inputs side by side, [rows, (heads + 2 keyValueHeads) size]
 */
export function normHeads(
  inputs: tf.Tensor2D,
  { heads, keyValueHeads }: HeadSharing,
  { query, key }: HeadNorms,
): tf.Tensor2D {
  const [rows, width] = inputs.shape;
  const size = width / (heads + 2 * keyValueHeads);
  const [queries, keysOrValues] = [heads * size, keyValueHeads * size];
  const columns = (x: tf.Tensor2D, from: number, count: number): tf.Tensor2D =>
    tf.slice(x, [0, from], [-1, count]);
  const apart = (x: tf.Tensor2D): tf.Tensor2D => tf.reshape(x, [-1, size]);
  const together = (x: tf.Tensor2D): tf.Tensor2D => tf.reshape(x, [rows, -1]);
  const parts = (x: tf.Tensor2D) => ({
    ofQuery: apart(columns(x, 0, queries)),
    ofKey: apart(columns(x, queries, keysOrValues)),
    ofValue: columns(x, queries + keysOrValues, keysOrValues),
  });
  return differentiable([inputs], save => {
    const { ofQuery, ofKey, ofValue } = parts(inputs);
    const [q, k] = [rmsNormalize(ofQuery, query), rmsNormalize(ofKey, key)];
    save([...q.saved, ...k.saved]);
    return {
      value: tf.concat([together(q.value), together(k.value), ofValue], 1),
      gradient: (dy, saved) => {
        const { ofQuery, ofKey, ofValue } = parts(dy);
        const dQuery = slopeOfRmsNormalize(ofQuery, saved.slice(0, 2), query);
        const dKey = slopeOfRmsNormalize(ofKey, saved.slice(2), key);
        return [tf.concat([together(dQuery), together(dKey), ofValue], 1)];
      },
    };
  });
}

/**
 * Queries, keys and values as attention takes them: turned by their positions, and each key and value once for every query head that
 * shares it.
 * @param inputs side by side, [rows, (heads + 2 keyValueHeads) size]
 * @param turn of the rows; undefined where positions are not turned
 * @returns [rows, 3 heads size]
 */
export function arrangeHeads(
  inputs: tf.Tensor2D,
  { heads, keyValueHeads }: HeadSharing,
  turn: Turn | undefined,
): tf.Tensor2D {
  if (heads === keyValueHeads && !turn) return inputs;
  if (turn && hasFused('KnArrangeHeads')) return arrangedByKernel(inputs, { heads, keyValueHeads }, turn);
  const size = inputs.shape[1] / (heads + 2 * keyValueHeads);
  const [queries, keysOrValues] = [heads * size, keyValueHeads * size];
  const columns = (x: tf.Tensor2D, from: number, count: number) => tf.slice(x, [0, from], [-1, count]);
  return differentiable([inputs], save => {
    if (turn) save([turn.cos, turn.sin]);
    const query = columns(inputs, 0, queries);
    const key = columns(inputs, queries, keysOrValues);
    const value = columns(inputs, queries + keysOrValues, keysOrValues);
    const repeated = (x: tf.Tensor2D) => repeatHeads(x, keyValueHeads, heads / keyValueHeads);
    const inPlace = (x: tf.Tensor2D, count: number) => (turn ? turned(x, turn, count) : x);
    return {
      value: tf.concat([inPlace(query, heads), repeated(inPlace(key, keyValueHeads)), repeated(value)], 1),
      gradient: (dy, [cos, sin]) => {
        const part = (i: number) => columns(dy, i * queries, queries);
        const folded = (x: tf.Tensor2D) => foldHeads(x, keyValueHeads, heads / keyValueHeads);
        const fromPlace = (x: tf.Tensor2D, count: number) => (turn ? turnedBack(x, { cos, sin }, count) : x);
        return [
          tf.concat(
            [fromPlace(part(0), heads), fromPlace(folded(part(1)), keyValueHeads), folded(part(2))],
            1,
          ),
        ];
      },
    };
  });
}

/** The same by the engine's own kernel. */
function arrangedByKernel(
  inputs: tf.Tensor2D,
  { heads, keyValueHeads }: HeadSharing,
  { cos, sin }: Turn,
): tf.Tensor2D {
  const sharing = { heads, sharing: heads / keyValueHeads };
  return differentiable([inputs], save => {
    save([cos, sin]);
    const [value] = runFused('KnArrangeHeads', { inputs, cos, sin }, sharing);
    return {
      value,
      gradient: (dy, [cos, sin]) => runFused('KnArrangeHeadsGrad', { dOutputs: dy, cos, sin }, sharing),
    };
  });
}

/** Each head `times` in a row: [rows, heads size] -> [rows, heads times size]. */
function repeatHeads(x: tf.Tensor2D, heads: number, times: number): tf.Tensor2D {
  if (times === 1) return x;
  const [rows, width] = x.shape;
  const once = tf.reshape(x, [rows * heads, 1, width / heads]);
  // A broadcast addition: tf.tile is slow on the wasm engine.
  return tf.reshape(tf.add(once, tf.zeros([1, times, 1])), [rows, width * times]);
}

/** The sums of each head's repetitions: [rows, heads times size] -> [rows, heads size]. */
function foldHeads(x: tf.Tensor2D, heads: number, times: number): tf.Tensor2D {
  if (times === 1) return x;
  const [rows, width] = x.shape;
  const all = tf.reshape(x, [rows * heads, times, width / (heads * times)]);
  return tf.reshape(tf.sum(all, 1), [rows, width / times]);
}
