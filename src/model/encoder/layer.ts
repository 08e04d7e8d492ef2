/**
 * A layer: attention, then the feed-forward network, each ending in the sum with its input, normalised.
 * The mask's rows are the top N of every matrix (see model.ts).
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Site } from '../language-model.js';
import { contributions, contributionsOf, toActivations } from '../layers/feed-forward.js';
import { addAndNorm } from '../layers/layer-norm.js';
import { product } from '../layers/linear.js';
import { joinRows, takeMaskRows, takeOtherRows } from '../layers/mask-rows.js';
import { scale } from '../layers/scale.js';
import type { EncoderLayerWeights } from './weights.js';

/** The end of a layer's attention: context, residual (Tq N, H) -> (Tq N, H). */
export function endAttention(
  context: tf.Tensor2D,
  residual: tf.Tensor2D,
  { attentionOutput, attentionNorm }: EncoderLayerWeights,
): tf.Tensor2D {
  const output = product(context, attentionOutput);
  const attended = addAndNorm(output, attentionOutput.bias, residual, attentionNorm);
  output.dispose();
  return attended;
}

/** The feed-forward activations of the mask's rows: attended (Tq N, H) -> (N, F). */
export function maskActivations(
  attended: tf.Tensor2D,
  { feedForward }: EncoderLayerWeights,
  samples: number,
  site: Site,
): tf.Tensor2D {
  return toActivations(takeMaskRows(attended, samples), feedForward, site);
}

/** The rest of a layer, given what the mask's activations (N, F) are, or are replaced by: -> (Tq N, H). */
export function finishLayer(
  attended: tf.Tensor2D,
  activations: tf.Tensor2D,
  weights: EncoderLayerWeights,
  samples: number,
  site: Site,
): tf.Tensor2D {
  const atMask = contributionsOf(activations, weights.feedForward, site); // (N, H)
  const others = takeOtherRows(attended, samples);
  const output = others.size === 0 ? atMask : joinRows(atMask, contributions(others, weights.feedForward));
  return addAndNorm(output, weights.feedForward.output.bias, attended, weights.outputNorm);
}

/** What a pass does at the mask on its way through a layer: at the most one of the two. */
interface AtMask {
  readonly site: Site;
  /** The activations are multiplied by it. */
  readonly factor?: tf.Tensor2D | undefined;
  /** Zeros, added to the activations of as many samples, the first, for their gradient. */
  readonly probe?: tf.Tensor2D | undefined;
}

/** The rest of a layer after attention. */
export function afterAttention(
  context: tf.Tensor2D,
  residual: tf.Tensor2D,
  weights: EncoderLayerWeights,
  samples: number,
  { site, factor, probe }: AtMask,
): tf.Tensor2D {
  const attended = endAttention(context, residual, weights);
  if (factor) {
    const activations = scale(maskActivations(attended, weights, samples, site), factor);
    return finishLayer(attended, activations, weights, samples, site);
  }
  const output = contributions(attended, weights.feedForward, { site, probe });
  const x = addAndNorm(output, weights.feedForward.output.bias, attended, weights.outputNorm);
  tf.dispose([attended, output]);
  return x;
}
