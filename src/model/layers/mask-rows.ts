/**
 * Rows of the prediction's position. In every matrix of a forward pass row t * samples + n is token t of sample
 * n, and token 0 is the prediction's position, so its rows, those that an intervention changes, are one block
 * at the top.
 */
import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.js';

/** The first `samples` rows of x [rows, width]. */
export function takeMaskRows(x: tf.Tensor2D, samples: number): tf.Tensor2D {
  const [rows] = x.shape;
  if (rows === samples) return x;
  return differentiable([x], () => ({
    value: tf.slice(x, [0, 0], [samples, -1]),
    gradient: dy => [
      tf.pad(dy, [
        [0, rows - samples],
        [0, 0],
      ]),
    ],
  }));
}

/** The rows of x [rows, width] below the first `samples`. */
export function takeOtherRows(x: tf.Tensor2D, samples: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  return differentiable([x], () => ({
    value: tf.slice(x, [samples, 0], [rows - samples, width]),
    gradient: dy => [
      tf.pad(dy, [
        [samples, 0],
        [0, 0],
      ]),
    ],
  }));
}

/**
 * `mask` [samples, width] on top of `others`.
 * @returns [samples + others rows, width]
 */
export function joinRows(mask: tf.Tensor2D, others: tf.Tensor2D): tf.Tensor2D {
  const [[samples, width], [below]] = [mask.shape, others.shape];
  return differentiable([mask, others], () => ({
    value: tf.concat([mask, others], 0),
    gradient: dy => [tf.slice(dy, [0, 0], [samples, width]), tf.slice(dy, [samples, 0], [below, width])],
  }));
}

/**
 * `mask` [samples, width] on top of `rest`, rows that no gradient flows to.
 * @returns [samples + rest rows, width]
 */
export function withMaskRows(mask: tf.Tensor2D, rest: tf.Tensor2D): tf.Tensor2D {
  const [samples] = mask.shape;
  if (rest.size === 0) return mask;
  return differentiable([mask], () => ({
    value: tf.concat([mask, rest], 0),
    gradient: dy => [tf.slice(dy, [0, 0], [samples, -1])],
  }));
}

/**
 * The samples of `first` before those of `second`, token by token.
 * @param first [tokens * firstSamples, width]
 * @param second [tokens * secondSamples, width]
 * @returns [tokens * (firstSamples + secondSamples), width]
 */
export function joinSamples(
  first: tf.Tensor2D,
  second: tf.Tensor2D,
  firstSamples: number,
  secondSamples: number,
): tf.Tensor2D {
  const width = first.shape[1];
  const tokens = first.shape[0] / firstSamples;
  const ofToken = (x: tf.Tensor2D, samples: number) => tf.reshape<tf.Rank.R3>(x, [tokens, samples, width]);
  return differentiable([first, second], () => ({
    value: tf.reshape(tf.concat([ofToken(first, firstSamples), ofToken(second, secondSamples)], 1), [
      tokens * (firstSamples + secondSamples),
      width,
    ]),
    gradient: dy => {
      const whole = ofToken(dy, firstSamples + secondSamples);
      const part = (from: number, samples: number) =>
        tf.reshape<tf.Rank.R2>(tf.slice(whole, [0, from, 0], [tokens, samples, width]), [
          tokens * samples,
          width,
        ]);
      return [part(0, firstSamples), part(firstSamples, secondSamples)];
    },
  }));
}

/**
 * Each row repeated for every one of its steps: sample n = prompt * steps + step.
 * @param rows [tokens * prompts, width]
 * @returns [tokens * prompts * steps, width]
 */
export function repeatForSteps(rows: tf.Tensor2D, steps: number): tf.Tensor2D {
  const [count, width] = rows.shape;
  if (steps === 1 || count === 0) return rows;
  // A broadcast addition: tf.tile is a hundred times slower on the wasm engine.
  return tf.reshape(tf.add(tf.reshape(rows, [count, 1, width]), tf.zeros([1, steps, 1])), [
    count * steps,
    width,
  ]);
}
