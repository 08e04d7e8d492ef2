/** How the sublayers of a decoder end: what each gives is added to the row that it belongs to, perhaps normalised first. */
import * as tf from '@tensorflow/tfjs-core';
import { add } from '../layers/add.js';
import { contributions, feedForward, type Joining } from '../layers/feed-forward.js';
import { linear, linearWithResidual } from '../layers/linear.js';
import { type NormWeights, norm } from '../layers/norm.js';
import type { DecoderLayerWeights } from './weights.js';

/** context (rows, D), residual (rows, H) -> (rows, H) */
export function addAttention(
  context: tf.Tensor2D,
  residual: tf.Tensor2D,
  { attentionOutput, attentionEndNorm }: DecoderLayerWeights,
): tf.Tensor2D {
  return attentionEndNorm
    ? addNormed(linear(context, attentionOutput), attentionEndNorm, residual)
    : linearWithResidual(context, attentionOutput, residual);
}

/** What a network's last matrix takes in (rows, F), residual (rows, H) -> (rows, H) */
export function addNeurons(
  neurons: tf.Tensor2D,
  residual: tf.Tensor2D,
  { feedForward: { output }, feedForwardEndNorm }: DecoderLayerWeights,
): tf.Tensor2D {
  return feedForwardEndNorm
    ? addNormed(linear(neurons, output), feedForwardEndNorm, residual)
    : linearWithResidual(neurons, output, residual);
}

/** The whole network, of x (rows, H), with what joins it on its way: residual (rows, H) -> (rows, H) */
export function addNetwork(
  x: tf.Tensor2D,
  residual: tf.Tensor2D,
  { feedForward: network, feedForwardEndNorm }: DecoderLayerWeights,
  joining: Joining,
): tf.Tensor2D {
  return feedForwardEndNorm
    ? addNormed(contributions(x, network, joining), feedForwardEndNorm, residual)
    : feedForward(x, network, residual, joining);
}

/** `given` is disposed of. */
function addNormed(given: tf.Tensor2D, weights: NormWeights, residual: tf.Tensor2D): tf.Tensor2D {
  const normalized = norm(given, weights);
  const sum = add(normalized, residual);
  // The operations have saved what their gradients read; the tape would keep all else to its end.
  tf.dispose([given, normalized]);
  return sum;
}
