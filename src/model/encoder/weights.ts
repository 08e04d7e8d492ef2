import type * as tf from '@tensorflow/tfjs-core';
import type { AttentionWeights } from '../layers/attention.js';
import type { FeedForwardWeights } from '../layers/feed-forward.js';
import type { LayerNormWeights } from '../layers/layer-norm.js';
import type { LinearWeights } from '../layers/linear.js';
import type { TransformerWeights } from '../transformer.js';

export type EncoderLayerWeights = {
  readonly attentionInput: AttentionWeights;
  readonly attentionOutput: LinearWeights;
  readonly attentionNorm: LayerNormWeights;
  readonly feedForward: FeedForwardWeights;
  readonly outputNorm: LayerNormWeights;
};

/** What comes before the vocabulary matrix. */
export type HeadWeights = {
  readonly transform: LinearWeights;
  readonly transformNorm: LayerNormWeights;
};

export type EncoderWeights = TransformerWeights<EncoderLayerWeights> & {
  /** [positions, hidden]; where tokens have types, with that of a lone sentence added. */
  readonly positionEmbeddings: tf.Tensor2D;
  readonly embeddingNorm: LayerNormWeights;
  readonly head: HeadWeights;
};
