import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { ValueTensor } from '../checkpoint/value-tensor.js';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import type { DecoderConfig } from './config.js';
import type { DecoderWeights } from './weights.js';

/** What a family of causal models has of its own: what its files call things. */
export interface DecoderFamily {
  /** What the names of the bare model's tensors begin with, without its head: its `base_model_prefix` in transformers. */
  readonly base: string;
  /**
   * @param json what config.json holds
   * @throws UserError, naming `path` and the field, where it is not a model that kn computes exactly
   */
  readonly parseConfig: (json: unknown, path: string) => DecoderConfig;
  /** @throws UserError, naming the tensor, where one is missing or has another shape */
  readonly readWeights: (reader: WeightReader, config: DecoderConfig) => Promise<DecoderWeights>;
  /** Where a checkpoint has the values of a layer's neurons. */
  readonly valuesOf: (
    checkpoint: Pick<Checkpoint, 'has'>,
    config: DecoderConfig,
    layer: number,
  ) => ValueTensor;
}
