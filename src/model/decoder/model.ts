/**
 * Causal transformers: each layer normalises, attends to what is before, adds, normalises, goes through its feed-forward network, and adds;
 * with a parallel residual the network takes in the row from before attention. Families differ in that, in their norms, in how
 * positions are known, in whether heads share keys and values, and in whether the network has a gate (families.ts).
 *
 * Shapes: B prompts, S steps, N = B S samples, T tokens, H hidden, D heads times head size, F intermediate, V vocabulary. Every matrix of a traced
 * pass has one row a token, row t B + b being token t of prompt b, the last token before all others: the answer is
 * predicted there, and its rows are the top B. Where prompts are of several lengths, T B stands for what all have together
 * (layers/token-rows.ts), and they attend in groups of one length.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { WeightReader } from '../checkpoint/weight-reader.js';
import type { PromptBatch, Site } from '../language-model.js';
import { attendHeads, joinHeads, splitJoinedHeads } from '../layers/attention.js';
import {
  type Arrangement,
  type CachedAttentionShape,
  joinSeen,
  type KeysAndValues,
} from '../layers/cached-attention.js';
import { embedRows, positionFirst } from '../layers/embeddings.js';
import { leaveSite, reachSite } from '../layers/feed-forward.js';
import { arrangeHeads, normHeads } from '../layers/heads.js';
import { linear } from '../layers/linear.js';
import { takeMaskRows } from '../layers/mask-rows.js';
import { norm } from '../layers/norm.js';
import { turnOf } from '../layers/rotary.js';
import {
  gatherSamples,
  groupsByLength,
  joinGroups,
  type Lengths,
  tokenByToken,
} from '../layers/token-rows.js';
import { Transformer } from '../transformer.js';
import type { DecoderConfig } from './config.js';
import { DECODERS } from './families.js';
import { addAttention, addNeurons } from './layer.js';
import { seenBy } from './seen-by.js';
import { type DecoderLayerTrace, DecoderTrace } from './trace.js';
import type { DecoderLayerWeights, DecoderWeights } from './weights.js';

/**
 * Reads a checkpoint onto the running engine.
 * @throws UserError, naming the tensor, where one is missing or has another shape
 */
export function loadDecoderWeights(checkpoint: Checkpoint, config: DecoderConfig): Promise<DecoderWeights> {
  return WeightReader.readAll(checkpoint, reader =>
    DECODERS[config.architecture].readWeights(reader, config),
  );
}

export class DecoderModel extends Transformer<DecoderLayerWeights> {
  private constructor(
    private readonly config: DecoderConfig,
    protected readonly weights: DecoderWeights,
  ) {
    super(config);
  }

  static async load(checkpoint: Checkpoint, config: DecoderConfig): Promise<DecoderModel> {
    return new DecoderModel(config, await loadDecoderWeights(checkpoint, config));
  }

  /** @throws RangeError where a position is not its prompt's last */
  trace({ tokens, positions }: PromptBatch, site: Site = 'post'): DecoderTrace {
    const lengths = tokens.map(({ length }) => length);
    if (positions.some((position, prompt) => position !== lengths[prompt] - 1))
      throw new RangeError('a causal model predicts at the last position');
    const { layers, prediction } = tf.tidy(() => {
      let x = this.embed(tokens); // (T B, H)
      const layers: DecoderLayerTrace[] = [];
      for (let index = 0; index < this.layers; index++) {
        // What a layer makes in passing goes with it.
        const { layer, next } = tf.tidy(() => this.traceLayer(index, x, lengths, site));
        layers.push(layer);
        x.dispose();
        x = next;
      }
      return { layers, prediction: this.normalizeLast(takeMaskRows(x, lengths.length)) };
    });
    return new DecoderTrace(this, site, lengths, layers, prediction);
  }

  /** How a layer's attention goes on from a trace. */
  cachedShape(layer: number, prompts: number, arrangement?: Arrangement): CachedAttentionShape {
    const { heads, attention } = this.config;
    const { scale, cap } = attention[layer];
    return { prompts, heads, scale, cap, arrangement };
  }

  /** Which row a layer's network takes in: that before its attention, x, or that after it, `attended`. */
  enteringNetwork(x: tf.Tensor2D, attended: tf.Tensor2D): tf.Tensor2D {
    return this.config.parallelResidual ? x : attended;
  }

  /** The last normalisation, before the vocabulary matrix: (rows, H) -> (rows, H). */
  normalizeLast(x: tf.Tensor2D): tf.Tensor2D {
    return norm(x, this.weights.finalNorm);
  }

  /**
   * Queries, keys and values of rows, ready for attention: (rows, H) -> (rows, 3 D).
   * @param positions of the rows
   */
  attentionInputs(x: tf.Tensor2D, layer: number, positions: () => readonly number[]): tf.Tensor2D {
    const { attentionNorm, attentionInput, headNorms } = this.weights.layers[layer];
    const { rotary } = this.config;
    const normalized = norm(x, attentionNorm);
    const inputs = linear(normalized, attentionInput);
    const normed = headNorms ? normHeads(inputs, this.config, headNorms) : inputs;
    const arranged = arrangeHeads(normed, this.config, rotary && turnOf(rotary, positions()));
    // The operations have saved what their gradients read; the tape would keep all else to its end.
    for (const passing of [normalized, inputs, normed]) if (passing !== arranged) passing.dispose();
    return arranged;
  }

  /** Word embeddings, and position embeddings where there are some, the last token's rows first: (T B, H). */
  private embed(tokens: PromptBatch['tokens']): tf.Tensor2D {
    const { wordEmbeddings, positionEmbeddings } = this.weights;
    const { words, places } = embedRows(
      wordEmbeddings,
      positionEmbeddings,
      tokens,
      tokens.map(({ length }) => lastFirst(length)),
    );
    const { embeddingScale: scale = 1 } = this.config;
    const scaled = scale === 1 ? words : tf.mul<tf.Tensor2D>(words, scale);
    return places ? tf.add(scaled, places) : scaled;
  }

  /** One layer with the input x (T B, H), which is `next` after it. */
  private traceLayer(
    index: number,
    x: tf.Tensor2D,
    lengths: Lengths,
    site: Site,
  ): { layer: DecoderLayerTrace; next: tf.Tensor2D } {
    const prompts = lengths.length;
    const weights = this.weights.layers[index];
    const { feedForwardNorm, feedForward } = weights;
    const { context, before } = this.attend(x, index, lengths);
    const residual = index === this.layers - 1 ? takeMaskRows(x, prompts) : x;
    const attended = addAttention(context, residual, weights); // (T B, H)
    const entering = norm(this.enteringNetwork(residual, attended), feedForwardNorm);
    const all = reachSite(entering, feedForward, site); // (T B, F)
    const next = addNeurons(leaveSite(all, feedForward, site), attended, weights);
    // Copies, since in the last layer the rows are the whole matrix.
    const ownRows = (x: tf.Tensor2D): tf.Tensor2D => tf.slice(x, [0, 0], [prompts, -1]);
    const layer = {
      before,
      attended: ownRows(attended),
      activations: ownRows(all.activations),
      up: all.up && ownRows(all.up),
    };
    return { layer, next };
  }

  /** A layer's attention, x (T B, H) -> (T B, D), in the last layer (B, D), and what later passes take from it. */
  private attend(
    x: tf.Tensor2D,
    layer: number,
    lengths: Lengths,
  ): { context: tf.Tensor2D; before: KeysAndValues | undefined } {
    const inputs = this.attentionInputs(x, layer, () => positionsOfRows(lengths)); // (T B, 3 D)
    const isLast = layer === this.layers - 1;
    const groups = groupsByLength(lengths);
    const attended = groups.map(({ length, samples }) =>
      this.attendEvenly(gatherSamples(inputs, lengths, samples), layer, length, isLast ? 1 : length),
    );
    const asking = isLast ? groups.map(({ samples }) => ({ length: 1, samples })) : groups;
    return {
      context: joinGroups(
        attended.map(({ context }) => context),
        asking,
      ),
      before: joinSeen(
        attended.map(({ before }) => before),
        groups.map(({ samples }) => samples),
      ),
    };
  }

  /** The same of prompts of one length, (T B, 3 D) -> (asking B, D). */
  private attendEvenly(
    inputs: tf.Tensor2D,
    layer: number,
    tokens: number,
    asking: number,
  ): { context: tf.Tensor2D; before: KeysAndValues | undefined } {
    const { heads, attention } = this.config;
    const { scale, window, cap } = attention[layer];
    const prompts = inputs.shape[0] / tokens;
    const [queries, keys, values] = splitJoinedHeads(inputs, { samples: prompts, heads }, 3); // (B, h, T, d)
    const asked = asking === tokens ? queries : tf.slice(queries, [0, 0, 0, 0], [-1, -1, asking, -1]);
    const mask = seenBy(asking, tokens, window);
    const { context } = attendHeads(asked, keys, values, { scale, cap, mask });
    // The last of the others: row 0 is the last token itself.
    const seen = Math.min(tokens - 1, window === null ? tokens : window - 1);
    const lastSeen = (x: tf.Tensor4D): tf.Tensor4D => tf.slice(x, [0, 0, tokens - seen, 0]);
    const before =
      seen === 0
        ? undefined
        : { key: lastSeen(keys), value: lastSeen(values), seen: Array.from({ length: prompts }, () => seen) };
    return { context: joinHeads(context), before };
  }
}

/** The order of a prompt's rows: the last token, then the others. */
const lastFirst = (tokens: number) => positionFirst(tokens, tokens - 1);

/** Of a traced pass's rows. */
function positionsOfRows(lengths: Lengths): number[] {
  const order = lengths.map(lastFirst);
  return tokenByToken(lengths, (prompt, token) => order[prompt][token]);
}
