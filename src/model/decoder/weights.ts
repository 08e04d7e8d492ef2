import type * as tf from '@tensorflow/tfjs-core';
import type { FeedForwardWeights } from '../layers/feed-forward.js';
import type { HeadNorms } from '../layers/heads.js';
import type { LinearWeights } from '../layers/linear.js';
import type { NormWeights } from '../layers/norm.js';
import type { TransformerWeights } from '../transformer.js';

export type DecoderLayerWeights = {
  readonly attentionNorm: NormWeights;
  /** Queries, keys and values side by side, [hidden, (heads + 2 keyValueHeads) headSize]. */
  readonly attentionInput: LinearWeights;
  readonly headNorms?: HeadNorms;
  /** [heads headSize, hidden] */
  readonly attentionOutput: LinearWeights;
  /** Of what attention gives, before it is added. */
  readonly attentionEndNorm?: NormWeights;
  readonly feedForwardNorm: NormWeights;
  readonly feedForward: FeedForwardWeights;
  /** Of what the network gives, which has no bias then, before it is added. */
  readonly feedForwardEndNorm?: NormWeights;
};

export type DecoderWeights = TransformerWeights<DecoderLayerWeights> & {
  /** [maxTokens, hidden]; undefined where positions turn queries and keys instead. */
  readonly positionEmbeddings: tf.Tensor2D | undefined;
  readonly finalNorm: NormWeights;
};
