import * as tf from '@tensorflow/tfjs-core';
import { beginningsByLayer } from '../beginnings.js';
import type { ActivationFactors, Beginning, Site } from '../language-model.js';
import {
  type Arrangement,
  type CachedAttentionShape,
  cachedAttention,
  gatherSeen,
  type KeysAndValues,
} from '../layers/cached-attention.js';
import { leaveSite, reachSite } from '../layers/feed-forward.js';
import { gatherRows, reorderRows } from '../layers/gather-rows.js';
import { joinRows } from '../layers/mask-rows.js';
import { norm } from '../layers/norm.js';
import { scale } from '../layers/scale.js';
import type { Lengths } from '../layers/token-rows.js';
import { TransformerTrace } from '../transformer-trace.js';
import { JoinedRows } from './joined-rows.js';
import { addAttention, addNetwork, addNeurons } from './layer.js';
import type { DecoderLayerWeights } from './weights.js';

/** The last token in one layer of a trace of B prompts. */
export type DecoderLayerTrace = {
  /** Of the tokens before the last that the last sees; undefined where there are none. */
  readonly before: KeysAndValues | undefined;
  /** The row with what attention adds, which the network adds to, (B, H). */
  readonly attended: tf.Tensor2D;
  /** At the trace's site, (B, F). */
  readonly activations: tf.Tensor2D;
  /** What goes on with them, of a gated network before its non-linearity. */
  readonly up: tf.Tensor2D | undefined;
};

/** What of a decoder (model.ts) a pass goes on with that starts from a trace. */
export interface DecoderNetwork {
  readonly layers: number;
  layerWeights(layer: number): DecoderLayerWeights;
  cachedShape(layer: number, prompts: number, arrangement?: Arrangement): CachedAttentionShape;
  attentionInputs(x: tf.Tensor2D, layer: number, positions: () => readonly number[]): tf.Tensor2D;
  enteringNetwork(x: tf.Tensor2D, attended: tf.Tensor2D): tf.Tensor2D;
  normalizeLast(x: tf.Tensor2D): tf.Tensor2D;
}

/** A traced pass through a decoder. Every pass that starts from it computes the last token alone. */
export class DecoderTrace extends TransformerTrace<DecoderLayerTrace> {
  /** @param lengths of the prompts */
  constructor(
    private readonly model: DecoderNetwork,
    site: Site,
    lengths: Lengths,
    layers: readonly DecoderLayerTrace[],
    prediction: tf.Tensor2D,
  ) {
    super(site, lengths, layers, prediction);
  }

  resumeTogether(
    beginnings: readonly Beginning[],
    probes?: readonly tf.Tensor2D[],
    factors?: ActivationFactors,
  ): tf.Tensor2D {
    const rows = new JoinedRows(beginnings, probes ? this.prompts : 0);
    const { groups } = rows;
    const ofLayer = beginningsByLayer(beginnings, this.activations[0], probes?.[0], groups);
    const first = Math.min(...ofLayer.keys());
    const begun = ofLayer.get(first);
    if (!begun) throw new RangeError('no pass begins in any layer');
    let { prompts } = begun;
    let x = this.begin(begun);
    for (let layer = first + 1; layer < this.model.layers; layer++) {
      const attended = this.throughAttention(layer, x, rows, prompts); // (N, H)
      const begun = ofLayer.get(layer);
      const next = this.throughNetwork(
        layer,
        { x, attended },
        { begun, probe: probes?.[layer], groups },
        factors?.get(layer),
      );
      tf.dispose([x, attended]);
      x = next;
      if (begun && groups === 1) prompts = [...prompts, ...begun.prompts];
    }
    return reorderRows(this.model.normalizeLast(x), rows.order());
  }

  /** The last token's row after the layer that passes begin in: (N, H). */
  private begin({ layer, prompts, activations }: Beginning): tf.Tensor2D {
    const past = this.pastSite(layer, prompts, activations);
    return addNeurons(past, gatherRows(this.layers[layer].attended, prompts), this.model.layerWeights(layer));
  }

  /** What a layer's last matrix takes in for some prompts, where its activations are replaced: (N, F). */
  private pastSite(layer: number, prompts: readonly number[], activations: tf.Tensor2D): tf.Tensor2D {
    const { up } = this.layers[layer];
    const { feedForward } = this.model.layerWeights(layer);
    return leaveSite({ activations, up: up && gatherRows(up, prompts) }, feedForward, this.site);
  }

  /** The rows x (N, H) with what a layer's attention adds. */
  private throughAttention(
    layer: number,
    x: tf.Tensor2D,
    rows: JoinedRows,
    prompts: readonly number[],
  ): tf.Tensor2D {
    const weights = this.model.layerWeights(layer);
    const inputs = this.model.attentionInputs(x, layer, () => this.positionsOf(x.shape[0], rows, prompts));
    const context = cachedAttention(
      inputs,
      this.seenBy(rows, layer),
      this.model.cachedShape(layer, rows.prompts.length, rows.arrangement(prompts)),
    );
    const attended = addAttention(context, x, weights);
    // The operations have saved what their gradients read; the tape would keep all else to its end.
    tf.dispose([inputs, context]);
    return attended;
  }

  /** The rows after a layer's network, those that begin in it behind the others of their group. */
  private throughNetwork(
    layer: number,
    { x, attended }: { readonly x: tf.Tensor2D; readonly attended: tf.Tensor2D },
    {
      begun,
      probe,
      groups,
    }: { begun: Beginning | undefined; probe: tf.Tensor2D | undefined; groups: number },
    factor: tf.Tensor2D | undefined,
  ): tf.Tensor2D {
    const { model, site } = this;
    const weights = model.layerWeights(layer);
    const { feedForwardNorm, feedForward: network } = weights;
    const normalized = norm(model.enteringNetwork(x, attended), feedForwardNorm);
    let after: tf.Tensor2D;
    if (factor) {
      const { activations: own, up } = reachSite(normalized, network, site);
      const activations = scale(own, factor);
      after = addNeurons(leaveSite({ activations, up }, network, site), attended, weights);
      activations.dispose();
    } else if (begun) {
      const own = gatherRows(this.layers[layer].attended, begun.prompts);
      const residual = joinRows(attended, own, groups);
      const activations = this.pastSite(layer, begun.prompts, begun.activations);
      after = addNetwork(normalized, residual, weights, { begun: activations, probe, site, groups });
      residual.dispose();
    } else {
      after = addNetwork(normalized, attended, weights, { probe, site, groups });
    }
    normalized.dispose();
    return after;
  }

  /** The position of each of so many rows. */
  private positionsOf(
    count: number,
    { groups, prompts: all }: JoinedRows,
    prompts: readonly number[],
  ): number[] {
    const ofRows = groups === 1 ? prompts : all.flatMap(prompt => Array<number>(count / groups).fill(prompt));
    return ofRows.map(prompt => this.lengths[prompt] - 1);
  }

  /** The traced keys and values of the prompts that have rows. */
  private seenBy({ prompts }: JoinedRows, layer: number): KeysAndValues | undefined {
    const { before } = this.layers[layer];
    return before && gatherSeen(before, prompts);
  }
}
