import * as tf from '@tensorflow/tfjs-core';
import { beginningsByLayer } from '../beginnings.js';
import type { ActivationFactors, Beginning, Site } from '../language-model.js';
import { type AttentionShape, attention, selfAttention } from '../layers/attention.js';
import { contributionsOf } from '../layers/feed-forward.js';
import { gatherRows } from '../layers/gather-rows.js';
import { addAndNorm } from '../layers/layer-norm.js';
import { linear } from '../layers/linear.js';
import { joinRows, takeMaskRows, withMaskRows } from '../layers/mask-rows.js';
import { gatherSamples, joinSamples, type Lengths } from '../layers/token-rows.js';
import { TransformerTrace } from '../transformer-trace.js';
import { afterAttention } from './layer.js';
import type { EncoderLayerWeights } from './weights.js';

/**
 * What one layer's attention starts from. `residual` and `query` [rows, H] have the rows that the layer must compute, `keyValue`
 * [rows, 2 H] those of every token.
 */
export type AttentionInputs = {
  readonly residual: tf.Tensor2D;
  readonly query: tf.Tensor2D;
  readonly keyValue: tf.Tensor2D;
};

export type EncoderLayerTrace = {
  /** Inputs of the layer's attention for every token but the mask. */
  readonly rest: AttentionInputs;
  /** The input of the feed-forward network at the mask, (B, H). */
  readonly attended: tf.Tensor2D;
  /** At the mask and the trace's site, (B, F). */
  readonly activations: tf.Tensor2D;
};

/** What of the model (model.ts) a pass goes on with that starts from a trace. */
export interface EncoderNetwork {
  readonly layers: number;
  layerWeights(layer: number): EncoderLayerWeights;
  attentionShape(lengths: Lengths): AttentionShape;
  transformHead(x: tf.Tensor2D): tf.Tensor2D;
}

/** A traced pass. Rows are in the order that model.ts tells of. */
export class EncoderTrace extends TransformerTrace<EncoderLayerTrace> {
  /** @param lengths of the prompts */
  constructor(
    private readonly model: EncoderNetwork,
    site: Site,
    lengths: Lengths,
    layers: readonly EncoderLayerTrace[],
    prediction: tf.Tensor2D,
  ) {
    super(site, lengths, layers, prediction);
  }

  resumeTogether(
    beginnings: readonly Beginning[],
    probes?: readonly tf.Tensor2D[],
    factors?: ActivationFactors,
  ): tf.Tensor2D {
    const { model, site } = this;
    const ofLayer = beginningsByLayer(beginnings, this.activations[0], probes?.[0]);
    const first = Math.min(...ofLayer.keys());
    let x: tf.Tensor2D | undefined; // Of samples whose every row has changed.
    let lengths: Lengths = []; // Of those samples.
    let begun = ofLayer.get(first);
    for (let index = first + 1; index < model.layers; index++) {
      const own = x && { ...this.ownAttention(index, x, lengths), lengths };
      const atMask = begun && { ...this.maskAttention(index, begun), lengths: this.lengthsOf(begun) };
      const { context, residual } = join(own, atMask, index === model.layers - 1);
      lengths = [...lengths, ...(atMask?.lengths ?? [])];
      x = afterAttention(context, residual, model.layerWeights(index), lengths.length, {
        site,
        factor: factors?.get(index),
        probe: probes?.[index],
      });
      // The operations have saved what their gradients read; the tape would keep all else to its end.
      tf.dispose([context, residual]);
      begun = ofLayer.get(index);
    }
    const last = begun && this.maskAfter(begun);
    return model.transformHead(x && last ? joinRows(x, last) : either(x, last));
  }

  /** The mask's row after the layer that passes begin in: (N, H). */
  private maskAfter({ layer, prompts, activations }: Beginning): tf.Tensor2D {
    const { feedForward, outputNorm } = this.model.layerWeights(layer);
    const attended = gatherRows(this.layers[layer].attended, prompts); // (N, H)
    const output = contributionsOf(activations, feedForward, this.site);
    return addAndNorm(output, feedForward.output.bias, attended, outputNorm);
  }

  /** Attention in a layer whose input x (T N, H) has changed in every row; x is disposed of. */
  private ownAttention(layer: number, x: tf.Tensor2D, lengths: Lengths): Attended {
    const residual = layer === this.model.layers - 1 ? takeMaskRows(x, lengths.length) : x;
    const { attentionInput } = this.model.layerWeights(layer);
    const shape = this.model.attentionShape(lengths);
    const context = selfAttention(x, attentionInput, residual.shape[0], shape);
    if (residual !== x) x.dispose();
    return { context, residual };
  }

  /** Attention in the layer after that which passes begin in: its input has changed in the mask's rows alone. */
  private maskAttention(layer: number, begun: Beginning): Attended {
    const mask = this.maskAfter(begun); // (N, H)
    const { attentionInput } = this.model.layerWeights(layer);
    const { rest } = this.layers[layer];
    // The other tokens' rows come from the trace.
    const others = this.lengths.map(length => length - 1);
    const withRest = (x: tf.Tensor2D, rest: tf.Tensor2D) =>
      rest.size === 0 ? x : withMaskRows(x, gatherSamples(rest, others, begun.prompts));
    const residual = withRest(mask, rest.residual);
    const [query, keyValue] = (['query', 'keyValue'] as const).map(part =>
      withRest(linear(mask, attentionInput[part]), rest[part]),
    );
    const context = attention(query, keyValue, this.model.attentionShape(this.lengthsOf(begun)));
    tf.dispose([query, keyValue]);
    return { context, residual };
  }

  private lengthsOf({ prompts }: Beginning): Lengths {
    return prompts.map(prompt => this.lengths[prompt]);
  }
}

/** After a layer's attention, before its end: both (Tq N, H). */
interface Attended {
  readonly context: tf.Tensor2D;
  readonly residual: tf.Tensor2D;
}

type AttendedSamples = Attended & { readonly lengths: Lengths };

/**
 * The samples of both, those of `first` before the others; both are disposed of.
 * @param atMaskAlone they have their mask's rows alone
 */
function join(
  first: AttendedSamples | undefined,
  second: AttendedSamples | undefined,
  atMaskAlone: boolean,
): Attended {
  if (!first || !second) return either(first, second);
  const both = (a: tf.Tensor2D, b: tf.Tensor2D) =>
    atMaskAlone ? joinRows(a, b) : joinSamples(a, b, { first: first.lengths, second: second.lengths });
  const joined = {
    context: both(first.context, second.context),
    residual: both(first.residual, second.residual),
  };
  tf.dispose([first.context, first.residual, second.context, second.residual]);
  return joined;
}

function either<T>(first: T | undefined, second: T | undefined): T {
  const there = first ?? second;
  if (there === undefined) throw new RangeError('no pass begins in any layer');
  return there;
}
