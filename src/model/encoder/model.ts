/**
 * Masked language models: each layer attends to all tokens, adds, normalises, goes through its feed-forward network, adds and normalises; a
 * head predicts the token at the mask. Families differ in how positions are counted and in what their files call things (families.ts).
 *
 * Shapes: B prompts, S steps, N = B S samples, T tokens, H hidden, F intermediate, V vocabulary. Every matrix
 * has one row a token, row t N + n being token t of sample n; where the engine mixes samples of several lengths, token t has the rows
 * of fewer samples, and T N stands for what all have together (layers/token-rows.ts). The encoder has no notion of order once
 * positions are embedded, so tokens are put in an order of our own, the mask first: its rows are the top N.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { WeightReader } from '../checkpoint/weight-reader.js';
import type { PromptBatch, Site } from '../language-model.js';
import { type AttentionShape, type AttentionWeights, attention } from '../layers/attention.js';
import { embedRows, positionFirst } from '../layers/embeddings.js';
import { layerNorm } from '../layers/layer-norm.js';
import { linear, product } from '../layers/linear.js';
import { takeMaskRows, takeOtherRows } from '../layers/mask-rows.js';
import { nonlinear } from '../layers/nonlinearity.js';
import type { Lengths } from '../layers/token-rows.js';
import { Transformer } from '../transformer.js';
import type { EncoderConfig } from './config.js';
import { ENCODERS } from './families.js';
import { endAttention, finishLayer, maskActivations } from './layer.js';
import { positionsOf } from './positions.js';
import { type AttentionInputs, type EncoderLayerTrace, EncoderTrace } from './trace.js';
import type { EncoderLayerWeights, EncoderWeights } from './weights.js';

export class EncoderModel extends Transformer<EncoderLayerWeights> {
  private constructor(
    private readonly config: EncoderConfig,
    protected readonly weights: EncoderWeights,
  ) {
    super(config);
  }

  /** @throws UserError, naming the tensor, where one is missing or has another shape */
  static async load(checkpoint: Checkpoint, config: EncoderConfig): Promise<EncoderModel> {
    return new EncoderModel(
      config,
      await WeightReader.readAll(checkpoint, reader =>
        ENCODERS[config.architecture].readWeights(reader, config),
      ),
    );
  }

  trace(batch: PromptBatch, site: Site = 'post'): EncoderTrace {
    const lengths = batch.tokens.map(({ length }) => length);
    const { layers, prediction } = tf.tidy(() => {
      let x = this.embed(batch); // (T B, H)
      const layers: EncoderLayerTrace[] = [];
      for (let index = 0; index < this.layers; index++) {
        // What a layer makes in passing goes with it.
        const { layer, next } = tf.tidy(() => this.traceLayer(index, x, lengths, site));
        layers.push(layer);
        x.dispose();
        x = next;
      }
      return { layers, prediction: this.transformHead(x) };
    });
    return new EncoderTrace(this, site, lengths, layers, prediction);
  }

  attentionShape(lengths: Lengths): AttentionShape {
    const { heads, hiddenSize } = this.config;
    return { lengths, heads, scale: 1 / Math.sqrt(hiddenSize / heads) };
  }

  /** The head up to its vocabulary matrix, for the mask's rows: x (rows, H) -> (N, H). */
  transformHead(x: tf.Tensor2D): tf.Tensor2D {
    const { transform, transformNorm } = this.weights.head;
    const transformed = nonlinear(this.config.headNonlinearity, product(x, transform), transform.bias);
    return layerNorm(transformed, transformNorm);
  }

  /** Embeddings, the mask's rows first: (T B, H). */
  private embed({ tokens, positions }: PromptBatch): tf.Tensor2D {
    const { wordEmbeddings, positionEmbeddings, embeddingNorm } = this.weights;
    const order = tokens.map((row, b) => positionFirst(row.length, positions[b]));
    const rows = tokens.map(row => positionsOf(row, this.config.paddingId));
    const { words, places } = embedRows(wordEmbeddings, positionEmbeddings, tokens, order, rows);
    return layerNorm(places ? tf.add(words, places) : words, embeddingNorm);
  }

  /** One layer with the input x (T B, H), which is `next` after it. */
  private traceLayer(
    index: number,
    x: tf.Tensor2D,
    lengths: Lengths,
    site: Site,
  ): { layer: EncoderLayerTrace; next: tf.Tensor2D } {
    const prompts = lengths.length;
    const weights = this.weights.layers[index];
    const inputs = this.project(x, weights.attentionInput, index, prompts);
    const context = attention(inputs.query, inputs.keyValue, this.attentionShape(lengths));
    const attended = endAttention(context, inputs.residual, weights); // (T B, H); in the last layer (B, H)
    const activations = maskActivations(attended, weights, prompts, site); // (B, F)
    const next = finishLayer(attended, activations, weights, prompts, site);
    const rest = {
      residual: takeOtherRows(inputs.residual, prompts),
      query: takeOtherRows(inputs.query, prompts),
      keyValue: takeOtherRows(inputs.keyValue, prompts),
    };
    return { layer: { rest, attended: takeMaskRows(attended, prompts), activations }, next };
  }

  /** Queries, and keys and values, of x (T N, H). The last layer asks a query for the mask's rows alone. */
  private project(
    x: tf.Tensor2D,
    { query, keyValue }: AttentionWeights,
    index: number,
    samples: number,
  ): AttentionInputs {
    const residual = index === this.layers - 1 ? takeMaskRows(x, samples) : x;
    return {
      residual,
      query: linear(residual, query),
      keyValue: linear(x, keyValue),
    };
  }
}
