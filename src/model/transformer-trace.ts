import * as tf from '@tensorflow/tfjs-core';
import { evenBeginning } from './beginnings.js';
import type { ActivationFactors, Beginning, Site, Trace } from './language-model.js';
import type { Lengths } from './layers/token-rows.js';

/** Of one layer: what it keeps, all of it the trace's own. */
type LayerTrace = tf.TensorContainerObject & { readonly activations: tf.Tensor2D };

/** What traces of all kinds of networks do alike: all but the passes that start from them. */
export abstract class TransformerTrace<Layer extends LayerTrace> implements Trace {
  readonly prompts: number;
  readonly tokens: number;
  readonly activations: readonly tf.Tensor2D[];

  /** @param lengths of the prompts */
  constructor(
    protected readonly site: Site,
    protected readonly lengths: Lengths,
    protected readonly layers: readonly Layer[],
    readonly prediction: tf.Tensor2D,
  ) {
    this.prompts = lengths.length;
    this.tokens = Math.max(...lengths);
    this.activations = layers.map(({ activations }) => activations);
  }

  resume(layer: number, activations: tf.Tensor2D, factors?: ActivationFactors): tf.Tensor2D {
    return this.resumeTogether([evenBeginning(layer, activations, this.prompts)], undefined, factors);
  }

  abstract resumeTogether(
    beginnings: readonly Beginning[],
    probes?: readonly tf.Tensor2D[],
    factors?: ActivationFactors,
  ): tf.Tensor2D;

  dispose(): void {
    tf.dispose({ layers: [...this.layers], prediction: this.prediction });
  }
}
