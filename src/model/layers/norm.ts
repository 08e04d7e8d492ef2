import type * as tf from '@tensorflow/tfjs-core';
import { type LayerNormWeights, layerNorm } from './layer-norm.js';
import { type RmsNormWeights, rmsNorm } from './rms-norm.js';

/** Of either normalisation: that of the mean has a `beta`. */
export type NormWeights = LayerNormWeights | RmsNormWeights;

/** @param x [rows, width] */
export function norm(x: tf.Tensor2D, weights: NormWeights): tf.Tensor2D {
  return 'beta' in weights ? layerNorm(x, weights) : rmsNorm(x, weights);
}
