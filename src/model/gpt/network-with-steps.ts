/**
 * The feed-forward network of one layer in a joined pass: for rows of the last token that come through the layer, and where
 * the steps of the layer's own path begin, behind them.
 *
 * The second half of the network is linear in the activations after the non-linearity, so there a layer's steps cost no
 * product forward, (alpha a) W = alpha (a W) with a W traced, and one row backward: the sum over the steps of their gradients
 * goes through W, not each.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Site } from '../language-model.js';
import { differentiable } from '../layers/differentiable.js';
import type { FeedForwardWeights } from '../layers/feed-forward.js';
import { addWithBias } from '../layers/linear.js';
import { valueAndSlope } from '../layers/nonlinearity.js';
import {
  enterTransposed,
  leaveTransposed,
  rowsTransposed,
  throughTransposed,
} from '../layers/transposed-product.js';

/** The last token in one layer of a trace of B prompts. */
export type LastToken = {
  /** At the trace's site, (B, F). */
  readonly activations: tf.Tensor2D;
  /** What the activations add to the row, (B, H). */
  readonly contribution: tf.Tensor2D;
  /** What they add it to: the row between attention and the network, with the network's bias, (B, H). */
  readonly base: tf.Tensor2D;
};

/** The steps that begin in a layer, with activations alpha_k a + probe. */
export interface BeginningSteps {
  readonly last: LastToken;
  readonly network: FeedForwardWeights;
  readonly site: Site;
  readonly alphas: readonly number[];
  /** Zeros, (B, F): the gradient flows to it, summed over the steps. */
  readonly probe: tf.Tensor2D;
}

/**
 * The steps of the first layer.
 * @returns (B S, H), prompt by prompt
 */
export function beginSteps(steps: BeginningSteps): tf.Tensor2D {
  const { alphas, network, probe } = steps;
  const [prompts, hidden] = steps.last.base.shape;
  return differentiable([probe], save => {
    const { begun, slopes } = begin(steps, 0);
    save(slopes);
    return {
      value: tf.reshape(begun, [prompts * alphas.length, hidden]),
      gradient: (dy, [slope]) => {
        const dSteps = toNetwork(tf.reshape(dy, [prompts, alphas.length, hidden]), steps);
        const dActivations = throughTransposed(network.output.weight, enterTransposed(dSteps));
        return [toProbe(leaveTransposed(dActivations), slope, steps)];
      },
    };
  });
}

/**
 * The rows of each prompt that began before, through the network, and behind them the steps that begin here.
 * @param normalized (B r, H), prompt by prompt
 * @param attended the same rows before normalisation: the network adds to them
 * @param unchanged how many of each prompt's rows, the first, have nothing replaced: they are this layer's steps at alpha = 1,
 *   and their gradient flows to the probe too
 * @returns (B (r + S), H)
 */
export function networkWithSteps(
  normalized: tf.Tensor2D,
  attended: tf.Tensor2D,
  steps: BeginningSteps,
  unchanged: number,
): tf.Tensor2D {
  const { alphas, probe } = steps;
  const { intermediate, output, nonlinearity } = steps.network;
  const [samples, hidden] = normalized.shape;
  const [prompts] = steps.last.base.shape;
  const earlier = samples / prompts;
  const rows = earlier + alphas.length;

  return differentiable([normalized, attended, probe], save => {
    const pre: tf.Tensor2D = tf.matMul(normalized, intermediate.weight); // (B r, F)
    const { value: activations, slope } = valueAndSlope(nonlinearity, pre, intermediate.bias);
    const contributions: tf.Tensor2D = tf.matMul(activations, output.weight); // (B r, H)
    const through = addWithBias(contributions, output.bias, attended);
    const { begun, slopes } = begin(steps, unchanged);
    save([slope, ...slopes]);
    const joined = tf.concat([tf.reshape(through, [prompts, earlier, hidden]), begun], 1);
    return {
      value: tf.reshape(joined, [prompts * rows, hidden]),
      gradient: (dy, [slope, slopeOfSteps]) => {
        const ofPrompts: tf.Tensor3D = tf.reshape(dy, [prompts, rows, hidden]);
        const part = (from: number, count: number) =>
          tf.slice(ofPrompts, [0, from, 0], [prompts, count, hidden]);
        const dThrough: tf.Tensor2D = tf.reshape(part(0, earlier), [samples, hidden]);
        const dBegun = part(earlier, alphas.length);
        const dSteps = unchanged === 0 ? dBegun : tf.concat([part(0, unchanged), dBegun], 1); // (B, S, H)
        // One product for both: for few rows it takes as long as reading the weight does.
        const all = tf.concat([dThrough, toNetwork(dSteps, steps)], 0);
        const dActivations = throughTransposed(output.weight, enterTransposed(all));
        const dOwn = rowsTransposed(dActivations, 0, samples);
        const dPre: tf.Tensor2D = tf.mul(dOwn, enterTransposed(tf.reshape(slope, [samples, -1])));
        const below = rowsTransposed(dActivations, samples, all.shape[0] - samples);
        return [
          leaveTransposed(throughTransposed(intermediate.weight, dPre)),
          dThrough,
          toProbe(leaveTransposed(below), slopeOfSteps, steps),
        ];
      },
    };
  });
}

/**
 * The rows that begin, (B, S, H), and, where the site is before the non-linearity, its slopes at the steps (B S, F), those of
 * `unchanged` rows before them.
 */
function begin(
  { last, network, site, alphas }: BeginningSteps,
  unchanged: number,
): { begun: tf.Tensor3D; slopes: tf.Tensor2D[] } {
  const [prompts, hidden] = last.base.shape;
  const perPrompt = (x: tf.Tensor2D): tf.Tensor3D => tf.reshape(x, [prompts, -1, x.shape[1]]);
  const scaled = (x: tf.Tensor2D, alphas: readonly number[]): tf.Tensor3D =>
    tf.mul(perPrompt(x), tf.tensor3d([...alphas], [1, alphas.length, 1]));
  const base = perPrompt(last.base);
  if (site === 'post') return { begun: tf.add(scaled(last.contribution, alphas), base), slopes: [] };

  const every = [...Array.from({ length: unchanged }, () => 1), ...alphas];
  const width = last.activations.shape[1];
  const pre: tf.Tensor2D = tf.reshape(scaled(last.activations, every), [prompts * every.length, width]);
  const { value, slope } = valueAndSlope(network.nonlinearity, pre);
  const own = tf.slice(perPrompt(value), [0, unchanged, 0]); // (B, S, F)
  const contributions = tf.matMul(tf.reshape(own, [-1, width]), network.output.weight);
  const begun = tf.add<tf.Tensor3D>(tf.reshape(contributions, [prompts, alphas.length, hidden]), base);
  return { begun, slopes: [slope] };
}

/** What of the steps' gradients (B, S, H) goes back through the second matrix: where the rest is linear, their sum (B, H). */
function toNetwork(dSteps: tf.Tensor, { site }: BeginningSteps): tf.Tensor2D {
  return site === 'post' ? tf.sum(dSteps, 1) : tf.reshape(dSteps, [-1, dSteps.shape[2] ?? 0]);
}

/** The probe's gradient, from what came back: (B, F). */
function toProbe(
  dActivations: tf.Tensor2D,
  slope: tf.Tensor | undefined,
  { site, probe }: BeginningSteps,
): tf.Tensor2D {
  if (site === 'post' || !slope) return dActivations;
  const [prompts, width] = probe.shape;
  return tf.sum(tf.reshape(tf.mul(dActivations, slope), [prompts, -1, width]), 1);
}
