/**
 * Rotary position embeddings (Su et al., 2021, https://arxiv.org/abs/2104.09864): in each head's first `size` columns the pair
 * (x_i, x_{i + size/2}) is turned by the angle position * frequency_i, so that the product of a query and a key depends on their
 * distance alone. GPT-J pairs neighbours instead, (x_2i, x_{2i+1}): its queries and keys are put in this order as they are read,
 * which changes no product of the two.
 */
import * as tf from '@tensorflow/tfjs-core';

/** How a model turns its queries and keys. */
export interface Rotary {
  /** Columns of a head that are turned; the others stay. */
  readonly size: number;
  /** Radians from one token to the next, [size / 2]. */
  readonly frequencies: readonly number[];
}

/** The cosines and sines of some rows, [rows, size / 2] each, or where all rows have one position [1, size / 2]. */
export type Turn = {
  readonly cos: tf.Tensor;
  readonly sin: tf.Tensor;
};

/** @param positions of the rows */
export function turnOf({ size, frequencies }: Rotary, positions: readonly number[]): Turn {
  const [first] = positions;
  const turned = positions.every(position => position === first) ? [first] : positions;
  // In doubles: an angle of thousands of radians has few digits left in float32.
  const of = (f: (angle: number) => number): tf.Tensor2D =>
    tf.tensor2d(
      turned.flatMap(position => frequencies.map(frequency => f(position * frequency))),
      [turned.length, size / 2],
    );
  return { cos: of(Math.cos), sin: of(Math.sin) };
}

/**
 * Every head of every row turned: a part of operations that have a gradient.
 * @param x [rows, heads * headSize]
 */
export function turned(x: tf.Tensor2D, turn: Turn, heads: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const half = turn.cos.shape[1] ?? 0;
  const [cos, sin] = [tf.expandDims(turn.cos, 1), tf.expandDims(turn.sin, 1)];
  const ofHeads = tf.reshape<tf.Rank.R3>(x, [rows, heads, width / heads]);
  const columns = (from: number, count: number) => tf.slice(ofHeads, [0, 0, from], [-1, -1, count]);
  const [a, b] = [columns(0, half), columns(half, half)];
  const parts = [tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))];
  const others = width / heads - 2 * half;
  if (others > 0) parts.push(columns(2 * half, others));
  return tf.reshape(tf.concat(parts, 2), [rows, width]);
}

/** The gradient of {@link turned}: by as much the other way. */
export function turnedBack(dy: tf.Tensor2D, { cos, sin }: Turn, heads: number): tf.Tensor2D {
  return turned(dy, { cos, sin: tf.neg(sin) }, heads);
}
