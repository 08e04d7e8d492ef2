import type { ValueTensor } from '../checkpoint/value-tensor.js';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import type { EncoderConfig } from './config.js';
import type { EncoderWeights } from './weights.js';

/** What a family of masked models has of its own: what its files call things. */
export interface EncoderFamily {
  /** What the names of its tensors begin with, but for the head's; the checkpoint takes care of files that lack it. */
  readonly base: string;
  /**
   * @param json what config.json holds
   * @throws UserError, naming `path` and the field, where it is not a model that kn computes exactly
   */
  readonly parseConfig: (json: unknown, path: string) => EncoderConfig;
  /** @throws UserError, naming the tensor, where one is missing or has another shape */
  readonly readWeights: (reader: WeightReader, config: EncoderConfig) => Promise<EncoderWeights>;
  /** Where a checkpoint has the values of a layer's neurons. */
  readonly valuesOf: (config: EncoderConfig, layer: number) => ValueTensor;
}
