import * as tf from '@tensorflow/tfjs-core';
import type { ActivationFactors, JoinedPasses, Site, Trace } from '../language-model.js';
import { type AttentionShape, attention, selfAttention } from '../layers/attention.js';
import { fromActivations } from '../layers/feed-forward.js';
import { addAndNorm } from '../layers/layer-norm.js';
import { linear } from '../layers/linear.js';
import { joinRows, joinSamples, repeatForSteps, takeMaskRows, withMaskRows } from '../layers/mask-rows.js';
import { scaleForSteps } from '../layers/scale.js';
import { afterAttention } from './layer.js';
import type { BertLayerWeights } from './weights.js';

/**
 * What one layer's attention starts from. `residual` and `query` have the rows that the layer must compute,
 * `key` and `value` those of every token; all [rows, H].
 */
export type AttentionInputs = {
  readonly residual: tf.Tensor2D;
  readonly query: tf.Tensor2D;
  readonly key: tf.Tensor2D;
  readonly value: tf.Tensor2D;
};

export type BertLayerTrace = {
  /** Inputs of the layer's attention for every token but the mask. */
  readonly rest: AttentionInputs;
  /** The input of the feed-forward network at the mask, (B, H). */
  readonly attended: tf.Tensor2D;
  /** At the mask and the trace's site, (B, F). */
  readonly activations: tf.Tensor2D;
};

/** What of BERT (model.ts) a pass goes on with that starts from a trace. */
export interface BertNetwork {
  readonly layers: number;
  layerWeights(layer: number): BertLayerWeights;
  attentionShape(samples: number): AttentionShape;
  transformHead(x: tf.Tensor2D): tf.Tensor2D;
}

/** A traced pass through BERT. Rows are in the order that model.ts tells of. */
export class BertTrace implements Trace {
  readonly activations: readonly tf.Tensor2D[];

  constructor(
    private readonly model: BertNetwork,
    private readonly site: Site,
    readonly prompts: number,
    readonly tokens: number,
    private readonly layers: readonly BertLayerTrace[],
    readonly prediction: tf.Tensor2D,
  ) {
    this.activations = layers.map(({ activations }) => activations);
  }

  resume(layer: number, activations: tf.Tensor2D, factors?: ActivationFactors): tf.Tensor2D {
    const { model, site } = this;
    const samples = activations.shape[0];
    const mask = this.maskAfter(layer, activations);
    if (layer === model.layers - 1) return model.transformHead(mask);
    const next = layer + 1;
    const { context, residual } = this.maskAttention(next, mask);
    let x = afterAttention(context, residual, model.layerWeights(next), samples, site, factors?.get(next));
    // The operations have saved what their gradients read; the tape would keep all else to its end.
    tf.dispose([context, residual]);
    for (let index = next + 1; index < model.layers; index++) {
      const weights = model.layerWeights(index);
      const residual = index === model.layers - 1 ? takeMaskRows(x, samples) : x;
      const context = selfAttention(x, weights, residual.shape[0], this.attentionShape(samples));
      const after = afterAttention(context, residual, weights, samples, site, factors?.get(index));
      tf.dispose([context, residual, x]);
      x = after;
    }
    return model.transformHead(x);
  }

  resumeTogether(alphas: readonly number[], probes: readonly tf.Tensor2D[]): JoinedPasses {
    const { model, site } = this;
    const samples = this.prompts * alphas.length;
    const maskAfter = (layer: number) =>
      this.maskAfter(layer, scaleForSteps(this.activations[layer], alphas, probes[layer]));
    // Samples whose every row has changed: those that began two layers ago or before.
    let x: tf.Tensor2D | undefined;
    let whole = 0;
    for (let index = 1; index < model.layers; index++) {
      const weights = model.layerWeights(index);
      const begun = this.maskAttention(index, maskAfter(index - 1));
      let { context, residual } = begun;
      if (x) {
        const own = index === model.layers - 1 ? takeMaskRows(x, whole) : x;
        const ownContext = selfAttention(x, weights, own.shape[0], this.attentionShape(whole));
        context = joinSamples(ownContext, begun.context, whole, samples);
        residual = joinSamples(own, begun.residual, whole, samples);
        tf.dispose([ownContext, own, x, begun.context, begun.residual]);
      }
      whole += samples;
      x = afterAttention(context, residual, weights, whole, site, undefined);
      tf.dispose([context, residual]);
    }
    const last = maskAfter(model.layers - 1);
    const prompts = Array.from({ length: this.prompts }, (_, prompt) => prompt);
    return {
      hidden: model.transformHead(x ? joinRows(x, last) : last),
      rows: this.layers.flatMap((_, layer) =>
        prompts.flatMap(prompt => alphas.map((_, step) => ({ layer, prompt, step }))),
      ),
    };
  }

  dispose(): void {
    tf.dispose({ layers: [...this.layers], prediction: this.prediction });
  }

  /** The mask's row after `layer`, with these activations (N, F) in it: (N, H). */
  private maskAfter(layer: number, activations: tf.Tensor2D): tf.Tensor2D {
    const { feedForward, outputNorm } = this.model.layerWeights(layer);
    const attended = repeatForSteps(this.layers[layer].attended, activations.shape[0] / this.prompts); // (N, H)
    return addAndNorm(fromActivations(activations, feedForward, this.site), attended, outputNorm);
  }

  /** Attention in a layer whose input has changed in the mask's rows (N, H) alone. */
  private maskAttention(layer: number, mask: tf.Tensor2D) {
    const samples = mask.shape[0];
    const weights = this.model.layerWeights(layer);
    const { residual, query, key, value } = this.projectMask(layer, mask, weights, samples / this.prompts);
    const context = attention(query, key, value, this.attentionShape(samples));
    tf.dispose([query, key, value]);
    return { context, residual };
  }

  /** Queries, keys and values where only the mask's rows are new; those of the other tokens come from the trace. */
  private projectMask(
    layer: number,
    mask: tf.Tensor2D,
    weights: BertLayerWeights,
    steps: number,
  ): AttentionInputs {
    const { rest } = this.layers[layer];
    return {
      residual: withMaskRows(mask, repeatForSteps(rest.residual, steps)),
      query: withMaskRows(linear(mask, weights.query), repeatForSteps(rest.query, steps)),
      key: withMaskRows(linear(mask, weights.key), repeatForSteps(rest.key, steps)),
      value: withMaskRows(linear(mask, weights.value), repeatForSteps(rest.value, steps)),
    };
  }

  private attentionShape(samples: number): AttentionShape {
    return this.model.attentionShape(samples);
  }
}
