import * as tf from '@tensorflow/tfjs-core';
import type { ActivationFactors, JoinedPasses, Site, Trace } from '../language-model.js';
import { add } from '../layers/add.js';
import {
  type CachedAttentionShape,
  cachedAttention,
  type KeysAndValues,
} from '../layers/cached-attention.js';
import { feedForward, pastNonlinearity, toActivations } from '../layers/feed-forward.js';
import { layerNorm } from '../layers/layer-norm.js';
import { linearWithResidual, product } from '../layers/linear.js';
import { repeatForSteps } from '../layers/mask-rows.js';
import { scale } from '../layers/scale.js';
import { type BeginningSteps, beginSteps, type LastToken, networkWithSteps } from './network-with-steps.js';
import type { GptLayerWeights } from './weights.js';

export type GptLayerTrace = LastToken & {
  /** Of the tokens before the last that the last sees; undefined where there are none. */
  readonly before: KeysAndValues | undefined;
};

/** What of a GPT (model.ts) a pass goes on with that starts from a trace. */
export interface GptNetwork {
  readonly layers: number;
  layerWeights(layer: number): GptLayerWeights;
  cachedShape(layer: number, prompts: number): CachedAttentionShape;
  normalizeLast(x: tf.Tensor2D): tf.Tensor2D;
}

/** A traced pass through a GPT. Every pass that starts from it computes the last token alone. */
export class GptTrace implements Trace {
  readonly activations: readonly tf.Tensor2D[];

  constructor(
    private readonly model: GptNetwork,
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

  resumeTogether(alphas: readonly number[], probes: readonly tf.Tensor2D[]): JoinedPasses {
    const { model, prompts, site } = this;
    const steps = [...alphas.keys()];
    // At alpha = 1 nothing is replaced: a row that begins in the first layer stands for that step of every layer.
    const unchanged = steps.filter(step => alphas[step] === 1);
    const changed = steps.filter(step => alphas[step] !== 1);
    const begun = (layer: number, steps: readonly number[]): BeginningSteps => ({
      last: this.layers[layer],
      network: model.layerWeights(layer).feedForward,
      site,
      alphas: steps.map(step => alphas[step]),
      probe: probes[layer],
    });
    let x = beginSteps(begun(0, [...unchanged, ...changed]));
    for (let index = 1; index < model.layers; index++) {
      const attended = this.throughAttention(index, x);
      const normalized = layerNorm(attended, model.layerWeights(index).feedForwardNorm);
      x = networkWithSteps(normalized, attended, begun(index, changed), unchanged.length);
      tf.dispose([attended, normalized]);
    }
    const ofPrompt = [
      ...unchanged.map(step => ({ layer: 'every' as const, step })),
      ...this.layers.flatMap((_, layer) => changed.map(step => ({ layer, step }))),
    ];
    return {
      hidden: model.normalizeLast(x),
      rows: Array.from({ length: prompts }, (_, prompt) => ofPrompt.map(row => ({ ...row, prompt }))).flat(),
    };
  }

  dispose(): void {
    tf.dispose({ layers: [...this.layers], prediction: this.prediction });
  }

  /** The last token's row after `layer`, with these activations (N, F) in it: (N, H). */
  private after(layer: number, activations: tf.Tensor2D): tf.Tensor2D {
    const { feedForward } = this.model.layerWeights(layer);
    const base = repeatForSteps(this.layers[layer].base, activations.shape[0] / this.prompts); // (N, H)
    return add(
      product(pastNonlinearity(activations, feedForward, this.site), feedForward.output.weight),
      base,
    );
  }

  /** The last token's row x (N, H) through one layer, which disposes of it. */
  private throughLayer(layer: number, x: tf.Tensor2D, factor?: tf.Tensor2D): tf.Tensor2D {
    const { feedForwardNorm, feedForward: network } = this.model.layerWeights(layer);
    const attended = this.throughAttention(layer, x);
    const normalized = layerNorm(attended, feedForwardNorm);
    let after: tf.Tensor2D;
    if (factor) {
      const activations = scale(toActivations(normalized, network, this.site), factor);
      after = linearWithResidual(pastNonlinearity(activations, network, this.site), network.output, attended);
      activations.dispose();
    } else {
      after = feedForward(normalized, network, attended);
    }
    tf.dispose([normalized, attended]);
    return after;
  }

  /** The row between a layer's attention and its network, (N, H); x is disposed of. */
  private throughAttention(layer: number, x: tf.Tensor2D): tf.Tensor2D {
    const weights = this.model.layerWeights(layer);
    const { before } = this.layers[layer];
    const normalized = layerNorm(x, weights.attentionNorm);
    const shape = this.model.cachedShape(layer, this.prompts);
    const context = cachedAttention(normalized, weights.attentionInput, before, shape);
    const attended = linearWithResidual(context, weights.attentionOutput, x);
    // The operations have saved what their gradients read; the tape would keep all else to its end.
    tf.dispose([normalized, context, x]);
    return attended;
  }
}
