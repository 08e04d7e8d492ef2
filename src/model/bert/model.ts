/**
 * BERT with its masked-language-model head (Devlin et al., 2019, https://arxiv.org/abs/1810.04805), after
 * `BertForMaskedLM` in huggingface/transformers.
 *
 * Shapes: B prompts, S steps, N = B S samples, T tokens, H hidden, F intermediate, V vocabulary. Every matrix
 * has one row a token, row t N + n being token t of sample n. The encoder has no notion of order once positions
 * are embedded, so tokens are put in an order of our own, the mask first: its rows are the top N.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Checkpoint } from '../checkpoint.js';
import type {
  ActivationFactors,
  AttentionInputs,
  LanguageModel,
  LayerTrace,
  PromptBatch,
  Trace,
} from '../language-model.js';
import { answerProbability, vocabularyProbabilities } from '../layers/answer-probability.js';
import { type AttentionShape, attention, selfAttention } from '../layers/attention.js';
import { feedForward } from '../layers/feed-forward.js';
import { gelu } from '../layers/gelu.js';
import { addAndNorm, layerNorm } from '../layers/layer-norm.js';
import { linear, product } from '../layers/linear.js';
import {
  joinRows,
  joinSamples,
  repeatForSteps,
  takeMaskRows,
  takeOtherRows,
  withMaskRows,
} from '../layers/mask-rows.js';
import { scale } from '../layers/scale.js';
import type { BertConfig } from './config.js';
import { type BertLayerWeights, type BertWeights, loadBertWeights } from './weights.js';

export class BertModel implements LanguageModel {
  readonly layers: number;
  readonly intermediateSize: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  readonly maxTokens: number;

  private constructor(
    private readonly config: BertConfig,
    private readonly weights: BertWeights,
  ) {
    this.layers = config.layers;
    this.intermediateSize = config.intermediateSize;
    this.hiddenSize = config.hiddenSize;
    this.vocabularySize = config.vocabularySize;
    this.maxTokens = config.maxPositions;
  }

  static async load(checkpoint: Checkpoint, config: BertConfig): Promise<BertModel> {
    return new BertModel(config, await loadBertWeights(checkpoint, config));
  }

  trace(batch: PromptBatch): Trace {
    const prompts = batch.tokens.length;
    const tokens = batch.tokens[0].length;
    return tf.tidy(() => {
      let x = this.embed(batch); // (T B, H)
      const layers = this.weights.layers.map((layer, index): LayerTrace => {
        const inputs = this.project(x, layer, index, prompts);
        const context = attention(inputs.query, inputs.key, inputs.value, this.attentionShape(prompts));
        const attended = this.attended(context, inputs.residual, layer); // (T B, H); in the last layer (B, H)
        const activations = this.maskActivations(attended, layer, prompts); // (B, F)
        x = this.finish(attended, activations, layer, prompts);
        const rest = {
          residual: takeOtherRows(inputs.residual, prompts),
          query: takeOtherRows(inputs.query, prompts),
          key: takeOtherRows(inputs.key, prompts),
          value: takeOtherRows(inputs.value, prompts),
        };
        return { rest, attended: takeMaskRows(attended, prompts), activations };
      });
      return { prompts, tokens, layers, prediction: this.transformHead(x) };
    });
  }

  resume(trace: Trace, layer: number, activations: tf.Tensor2D, factors?: ActivationFactors): tf.Tensor2D {
    const samples = activations.shape[0];
    const mask = this.maskAfter(trace, layer, activations);
    if (layer === this.layers - 1) return this.transformHead(mask);
    const next = layer + 1;
    const { context, residual } = this.maskAttention(trace, next, mask);
    let x = this.afterAttention(context, residual, this.weights.layers[next], samples, factors?.get(next));
    // The operations have saved what their gradients read; the tape would keep all else to its end.
    tf.dispose([context, residual]);
    for (let index = next + 1; index < this.layers; index++) {
      const weights = this.weights.layers[index];
      const residual = index === this.layers - 1 ? takeMaskRows(x, samples) : x;
      const context = selfAttention(x, weights, residual.shape[0], this.attentionShape(samples));
      const after = this.afterAttention(context, residual, weights, samples, factors?.get(index));
      tf.dispose([context, residual, x]);
      x = after;
    }
    return this.transformHead(x);
  }

  resumeTogether(trace: Trace, activations: readonly tf.Tensor2D[]): tf.Tensor2D {
    const samples = activations[0].shape[0];
    // Samples whose every row has changed: those that began two layers ago or before.
    let x: tf.Tensor2D | undefined;
    let whole = 0;
    for (let index = 1; index < this.layers; index++) {
      const weights = this.weights.layers[index];
      const begun = this.maskAttention(
        trace,
        index,
        this.maskAfter(trace, index - 1, activations[index - 1]),
      );
      let { context, residual } = begun;
      if (x) {
        const own = index === this.layers - 1 ? takeMaskRows(x, whole) : x;
        const ownContext = selfAttention(x, weights, own.shape[0], this.attentionShape(whole));
        context = joinSamples(ownContext, begun.context, whole, samples);
        residual = joinSamples(own, begun.residual, whole, samples);
        tf.dispose([ownContext, own, x, begun.context, begun.residual]);
      }
      whole += samples;
      x = this.afterAttention(context, residual, weights, whole, undefined);
      tf.dispose([context, residual]);
    }
    const last = this.maskAfter(trace, this.layers - 1, activations[this.layers - 1]);
    return this.transformHead(x ? joinRows(x, last) : last);
  }

  probabilities(prediction: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => vocabularyProbabilities(prediction, this.weights.head.vocabulary));
  }

  answerProbability(prediction: tf.Tensor2D, answers: readonly number[]): tf.Tensor2D {
    return answerProbability(prediction, this.weights.head.vocabulary, answers);
  }

  dispose(): void {
    tf.dispose(this.weights);
  }

  /** Word, position and type embeddings, the mask's rows first: (T B, H). */
  private embed({ tokens, positions }: PromptBatch): tf.Tensor2D {
    const order = tokens.map((row, b) => maskFirst(row.length, positions[b]));
    const rows = tokens[0].flatMap((_, t) =>
      tokens.map((row, b) => ({ id: row[order[b][t]], position: order[b][t] })),
    );
    const { wordEmbeddings, positionEmbeddings, embeddingNorm } = this.weights;
    const words: tf.Tensor2D = tf.gather(
      wordEmbeddings,
      tf.tensor1d(
        rows.map(({ id }) => id),
        'int32',
      ),
    );
    const places: tf.Tensor2D = tf.gather(
      positionEmbeddings,
      tf.tensor1d(
        rows.map(({ position }) => position),
        'int32',
      ),
    );
    return addAndNorm(words, places, embeddingNorm);
  }

  /** The mask's rows after `layer`, with these activations (N, F) in it: (N, H). */
  private maskAfter(trace: Trace, layer: number, activations: tf.Tensor2D): tf.Tensor2D {
    const { feedForward, outputNorm } = this.weights.layers[layer];
    const attended = repeatForSteps(trace.layers[layer].attended, activations.shape[0] / trace.prompts); // (N, H)
    return addAndNorm(linear(activations, feedForward.output), attended, outputNorm);
  }

  /** Attention in a layer whose input has changed in the mask's rows (N, H) alone. */
  private maskAttention(trace: Trace, layer: number, mask: tf.Tensor2D) {
    const samples = mask.shape[0];
    const { rest } = trace.layers[layer];
    const inputs = this.projectMask(mask, rest, this.weights.layers[layer], samples / trace.prompts);
    const { residual, query, key, value } = inputs;
    const context = attention(query, key, value, this.attentionShape(samples));
    tf.dispose([query, key, value]);
    return { context, residual };
  }

  /** Queries, keys and values of x (T N, H). The last layer asks a query for the mask's rows alone. */
  private project(
    x: tf.Tensor2D,
    weights: BertLayerWeights,
    index: number,
    samples: number,
  ): AttentionInputs {
    const residual = index === this.layers - 1 ? takeMaskRows(x, samples) : x;
    return {
      residual,
      query: linear(residual, weights.query),
      key: linear(x, weights.key),
      value: linear(x, weights.value),
    };
  }

  /** The same where only the mask's rows are new; those of the other tokens come from the trace. */
  private projectMask(
    mask: tf.Tensor2D,
    rest: AttentionInputs,
    weights: BertLayerWeights,
    steps: number,
  ): AttentionInputs {
    return {
      residual: withMaskRows(mask, repeatForSteps(rest.residual, steps)),
      query: withMaskRows(linear(mask, weights.query), repeatForSteps(rest.query, steps)),
      key: withMaskRows(linear(mask, weights.key), repeatForSteps(rest.key, steps)),
      value: withMaskRows(linear(mask, weights.value), repeatForSteps(rest.value, steps)),
    };
  }

  private attentionShape(samples: number): AttentionShape {
    const { heads, hiddenSize } = this.config;
    return { samples, heads, scale: 1 / Math.sqrt(hiddenSize / heads) };
  }

  /** The end of a layer's attention: context, residual (Tq N, H) -> (Tq N, H). */
  private attended(context: tf.Tensor2D, residual: tf.Tensor2D, weights: BertLayerWeights) {
    const output = linear(context, weights.attentionOutput);
    const attended = addAndNorm(output, residual, weights.attentionNorm);
    output.dispose();
    return attended;
  }

  /** The rest of a layer, its activations at the mask multiplied by `factor` where there is one. */
  private afterAttention(
    context: tf.Tensor2D,
    residual: tf.Tensor2D,
    weights: BertLayerWeights,
    samples: number,
    factor: tf.Tensor2D | undefined,
  ): tf.Tensor2D {
    const attended = this.attended(context, residual, weights);
    if (factor) {
      const activations = scale(this.maskActivations(attended, weights, samples), factor);
      return this.finish(attended, activations, weights, samples);
    }
    const output = feedForward(attended, weights.feedForward);
    const x = addAndNorm(output, attended, weights.outputNorm);
    tf.dispose([attended, output]);
    return x;
  }

  /** The feed-forward activations of the mask's rows: attended (Tq N, H) -> (N, F). */
  private maskActivations(
    attended: tf.Tensor2D,
    { feedForward: { intermediate } }: BertLayerWeights,
    samples: number,
  ) {
    return gelu(product(takeMaskRows(attended, samples), intermediate.weight), intermediate.bias);
  }

  /** The rest of a layer, given what the mask's activations are (or are replaced by). */
  private finish(
    attended: tf.Tensor2D,
    activations: tf.Tensor2D,
    weights: BertLayerWeights,
    samples: number,
  ) {
    const atMask = linear(activations, weights.feedForward.output); // (N, H)
    const others = takeOtherRows(attended, samples);
    const output = others.size === 0 ? atMask : joinRows(atMask, feedForward(others, weights.feedForward));
    return addAndNorm(output, attended, weights.outputNorm);
  }

  /** The head up to its vocabulary matrix, for the mask's rows: x (rows, H) -> (N, H). */
  private transformHead(x: tf.Tensor2D): tf.Tensor2D {
    const { transform, transformNorm } = this.weights.head;
    return layerNorm(gelu(product(x, transform.weight), transform.bias), transformNorm);
  }
}

/** The positions 0 .. tokens-1 with `first` brought to the front. */
function maskFirst(tokens: number, first: number): number[] {
  const positions = Array.from({ length: tokens }, (_, position) => position);
  return [first, ...positions.filter(position => position !== first)];
}
