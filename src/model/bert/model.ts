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
import { attention } from '../layers/attention.js';
import { feedForward } from '../layers/feed-forward.js';
import { gelu } from '../layers/gelu.js';
import { addAndNorm, layerNorm } from '../layers/layer-norm.js';
import { linear, product } from '../layers/linear.js';
import { repeatForSteps, takeMaskRows, takeOtherRows, withMaskRows } from '../layers/mask-rows.js';
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
        const attended = this.attend(inputs, layer, prompts); // (T B, H); in the last layer (B, H)
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
    const steps = samples / trace.prompts;
    const from = this.weights.layers[layer];
    const attended = repeatForSteps(trace.layers[layer].attended, steps); // (N, H)
    const mask = addAndNorm(linear(activations, from.feedForward.output), attended, from.outputNorm); // (N, H)
    if (layer === this.layers - 1) return this.transformHead(mask);

    // In the next layer the mask's row is the only one that has changed.
    const next = this.weights.layers[layer + 1];
    let inputs = this.projectMask(mask, trace.layers[layer + 1].rest, next, steps);
    for (let index = layer + 1; ; index++) {
      const weights = this.weights.layers[index];
      const attended = this.attend(inputs, weights, samples);
      const factor = factors?.get(index);
      const x = factor
        ? this.finish(
            attended,
            tf.mul(this.maskActivations(attended, weights, samples), factor),
            weights,
            samples,
          )
        : addAndNorm(feedForward(attended, weights.feedForward), attended, weights.outputNorm);
      if (index === this.layers - 1) return this.transformHead(x);
      inputs = this.project(x, this.weights.layers[index + 1], index + 1, samples);
    }
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

  private attend(
    { residual, query, key, value }: AttentionInputs,
    weights: BertLayerWeights,
    samples: number,
  ) {
    const { heads, hiddenSize } = this.config;
    const scale = 1 / Math.sqrt(hiddenSize / heads);
    const context = attention(query, key, value, { samples, heads, scale }); // (Tq N, H)
    return addAndNorm(linear(context, weights.attentionOutput), residual, weights.attentionNorm);
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
    const output =
      others.size === 0 ? atMask : withMaskRows(atMask, feedForward(others, weights.feedForward));
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
