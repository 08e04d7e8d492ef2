import * as tf from '@tensorflow/tfjs-core';
import type { ActivationFactors, Site, Trace } from '../language-model.js';
import { add } from '../layers/add.js';
import { cachedAttention, type KeysAndValues } from '../layers/cached-attention.js';
import { feedForward, fromActivations, toActivations } from '../layers/feed-forward.js';
import { layerNorm } from '../layers/layer-norm.js';
import { linear } from '../layers/linear.js';
import { joinSamples, repeatForSteps, swapGroups } from '../layers/mask-rows.js';
import { scale } from '../layers/scale.js';
import type { GptModel } from './model.js';
import type { GptLayerWeights } from './weights.js';

export type GptLayerTrace = {
  /** Of the tokens before the last that the last sees; undefined where there are none. */
  readonly before: KeysAndValues | undefined;
  /** The last row between attention and the feed-forward network, (B, H). */
  readonly attended: tf.Tensor2D;
  /** At the last position and the trace's site, (B, F). */
  readonly activations: tf.Tensor2D;
};

/** A traced pass through a GPT. Every pass that starts from it computes the last token alone. */
export class GptTrace implements Trace {
  readonly activations: readonly tf.Tensor2D[];

  constructor(
    private readonly model: GptModel,
    private readonly site: Site,
    readonly prompts: number,
    readonly tokens: number,
    private readonly layers: readonly GptLayerTrace[],
    readonly prediction: tf.Tensor2D,
  ) {
    this.activations = layers.map(({ activations }) => activations);
  }

  resume(layer: number, activations: tf.Tensor2D, factors?: ActivationFactors): tf.Tensor2D {
    let x = this.after(layer, activations); // (N, H)
    for (let index = layer + 1; index < this.model.layers; index++) {
      x = this.throughLayer(index, x, factors?.get(index));
    }
    return this.model.normalizeLast(x);
  }

  resumeTogether(activations: readonly tf.Tensor2D[]): tf.Tensor2D {
    const { prompts } = this;
    const steps = activations[0].shape[0] / prompts;
    // Prompt by prompt, so that all samples of one share its traced keys and values: (B l S, H) after l layers.
    let x = this.after(0, activations[0]);
    for (let index = 1; index < this.model.layers; index++) {
      const before = this.throughLayer(index, x);
      const begun = this.after(index, activations[index]);
      x = joinSamples(before, begun, index * steps, steps);
      tf.dispose([before, begun]);
    }
    return this.model.normalizeLast(swapGroups(x, prompts, this.model.layers));
  }

  dispose(): void {
    tf.dispose({ layers: [...this.layers], prediction: this.prediction });
  }

  /** The last token's row after `layer`, with these activations (N, F) in it: (N, H). */
  private after(layer: number, activations: tf.Tensor2D): tf.Tensor2D {
    const { feedForward } = this.model.layerWeights(layer);
    const attended = repeatForSteps(this.layers[layer].attended, activations.shape[0] / this.prompts); // (N, H)
    return add(fromActivations(activations, feedForward, this.site), attended);
  }

  /** The last token's row x (N, H) through one layer, which disposes of it. */
  private throughLayer(layer: number, x: tf.Tensor2D, factor?: tf.Tensor2D): tf.Tensor2D {
    const weights = this.model.layerWeights(layer);
    const { before } = this.layers[layer];
    const normalized = layerNorm(x, weights.attentionNorm);
    const context = cachedAttention(
      normalized,
      weights.attentionInput,
      before,
      this.model.cachedShape(layer, this.prompts),
    );
    const output = linear(context, weights.attentionOutput);
    const attended = add(output, x); // (N, H)
    // The operations have saved what their gradients read; the tape would keep all else to its end.
    tf.dispose([normalized, context, output, x]);
    const after = this.throughFeedForward(attended, weights, factor);
    attended.dispose();
    return after;
  }

  private throughFeedForward(
    attended: tf.Tensor2D,
    { feedForwardNorm, feedForward: network }: GptLayerWeights,
    factor: tf.Tensor2D | undefined,
  ): tf.Tensor2D {
    const normalized = layerNorm(attended, feedForwardNorm);
    const output = factor
      ? fromActivations(scale(toActivations(normalized, network, this.site), factor), network, this.site)
      : feedForward(normalized, network);
    const after = add(output, attended);
    tf.dispose([normalized, output]);
    return after;
  }
}
