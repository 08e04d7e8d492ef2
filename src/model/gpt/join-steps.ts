/**
 * Where the steps of a layer's path begin: rows of the last token, behind those that began in earlier layers.
 *
 * The second half of the feed-forward network is linear in the activations after the non-linearity, so there a layer's steps
 * cost no product forward, (alpha a) W = alpha (a W) with a W traced, and one row backward: the sum over the steps of
 * their gradients goes through W, not each.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Site } from '../language-model.js';
import { differentiable } from '../layers/differentiable.js';
import type { FeedForwardWeights } from '../layers/feed-forward.js';
import { valueAndSlope } from '../layers/nonlinearity.js';
import { enterTransposed, leaveTransposed, throughTransposed } from '../layers/transposed-product.js';

/** The last token in one layer of a trace of B prompts. */
export type LastToken = {
  /** At the trace's site, (B, F). */
  readonly activations: tf.Tensor2D;
  /** What the activations add to the row, (B, H). */
  readonly contribution: tf.Tensor2D;
  /** What they add it to: the row between attention and the network, with the network's bias, (B, H). */
  readonly base: tf.Tensor2D;
};

export interface JoinedSteps {
  readonly network: FeedForwardWeights;
  readonly site: Site;
  /** Of the steps that begin here. */
  readonly alphas: readonly number[];
  /** How many of each prompt's earlier rows, the first, have nothing replaced: this layer's steps at alpha = 1. */
  readonly unchanged: number;
}

/**
 * The rows of each prompt that began before, and behind them those that begin in this layer with activations
 * alpha_k a + probe.
 * @param before (B r, H), prompt by prompt; undefined in the first layer
 * @param probe zeros, (B, F): the gradient flows to it, summed over the steps that begin here and the unchanged rows
 * @returns (B (r + S), H)
 */
export function joinSteps(
  before: tf.Tensor2D | undefined,
  probe: tf.Tensor2D,
  last: LastToken,
  { network, site, alphas, unchanged }: JoinedSteps,
): tf.Tensor2D {
  const [prompts, hidden] = last.base.shape;
  const earlier = before ? before.shape[0] / prompts : 0;
  const ofPrompt = (x: tf.Tensor2D, rows: number) => tf.reshape<tf.Rank.R3>(x, [prompts, rows, hidden]);
  const { weight } = network.output;

  return differentiable(before ? [before, probe] : [probe], save => {
    let contributions: tf.Tensor3D; // (B, S, H)
    if (site === 'post') {
      contributions = tf.mul(ofPrompt(last.contribution, 1), asSteps(alphas));
    } else {
      // The unchanged rows' slopes are those of alpha = 1.
      const every = [...Array.from({ length: unchanged }, () => 1), ...alphas];
      const width = last.activations.shape[1];
      const scaled = tf.mul(tf.reshape(last.activations, [prompts, 1, width]), asSteps(every));
      const { value, slope } = valueAndSlope(network.nonlinearity, tf.reshape(scaled, [-1, width]));
      save([slope]);
      const own = tf.slice(tf.reshape(value, [prompts, -1, width]), [0, unchanged, 0]);
      contributions = ofPrompt(tf.matMul(tf.reshape(own, [-1, width]), weight), alphas.length);
    }
    const begun: tf.Tensor3D = tf.add(contributions, ofPrompt(last.base, 1));
    const rows = earlier + alphas.length;
    return {
      value: tf.reshape(before ? tf.concat([ofPrompt(before, earlier), begun], 1) : begun, [
        prompts * rows,
        hidden,
      ]),
      gradient: (dy, [slope]) => {
        const part = (from: number, count: number) =>
          tf.slice(ofPrompt(dy, rows), [0, from, 0], [prompts, count, hidden]);
        const begun = part(earlier, alphas.length);
        const own = unchanged === 0 ? begun : tf.concat([part(0, unchanged), begun], 1); // (B, S, H)
        const back = (dOutput: tf.Tensor) =>
          leaveTransposed(throughTransposed(weight, enterTransposed(tf.reshape(dOutput, [-1, hidden]))));
        const ofSteps = (x: tf.Tensor2D) => tf.reshape(x, [prompts, -1, x.shape[1]]);
        const toProbe: tf.Tensor2D =
          site === 'post' ? back(tf.sum(own, 1)) : tf.sum(ofSteps(tf.mul(back(own), slope)), 1);
        return before ? [tf.reshape(part(0, earlier), before.shape), toProbe] : [toProbe];
      },
    };
  });
}

function asSteps(alphas: readonly number[]): tf.Tensor3D {
  return tf.tensor3d([...alphas], [1, alphas.length, 1]);
}
