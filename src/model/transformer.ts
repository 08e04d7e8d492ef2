import * as tf from '@tensorflow/tfjs-core';
import type { LanguageModel, ModelShape, PromptBatch, Site, Trace } from './language-model.js';
import {
  answerProbability,
  type VocabularyWeights,
  vocabularyProbabilities,
} from './layers/answer-probability.js';
import { type FeedForwardWeights, replaceValues } from './layers/feed-forward.js';
import { readRows, rowsOf } from './layers/table-rows.js';
import { gainsByMixing } from './layers/token-rows.js';
import { type TokenTable, tokenRows } from './layers/token-table.js';

type LayerWeights = { readonly feedForward: FeedForwardWeights };

/** The weights that every architecture has, and what a layer of its own has beside the feed-forward network. */
export type TransformerWeights<Layer extends LayerWeights> = {
  /** [vocabulary, hidden] */
  readonly wordEmbeddings: TokenTable;
  readonly layers: Layer[];
  /** Its embeddings are `wordEmbeddings` itself where the checkpoint ties them. */
  readonly vocabulary: VocabularyWeights;
};

/** What all architectures do alike: all but the forward pass, which is each one's own. */
export abstract class Transformer<Layer extends LayerWeights> implements LanguageModel {
  readonly layers: number;
  readonly intermediateSize: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  readonly maxTokens: number;
  readonly causal: boolean;

  protected abstract readonly weights: TransformerWeights<Layer>;

  protected constructor(shape: ModelShape) {
    this.layers = shape.layers;
    this.intermediateSize = shape.intermediateSize;
    this.hiddenSize = shape.hiddenSize;
    this.vocabularySize = shape.vocabularySize;
    this.maxTokens = shape.maxTokens;
    this.causal = shape.causal;
  }

  get mixesLengths(): boolean {
    return gainsByMixing();
  }

  abstract trace(batch: PromptBatch, site?: Site): Trace;

  probabilities(prediction: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => vocabularyProbabilities(prediction, this.weights.vocabulary));
  }

  answerProbability(prediction: tf.Tensor2D, answers: readonly number[]): tf.Tensor2D {
    return answerProbability(prediction, this.weights.vocabulary, answers);
  }

  readValues(layer: number, indices: readonly number[]): Promise<Float32Array[]> {
    return readRows(this.weights.layers[layer].feedForward.output.weight, indices);
  }

  async writeValues(layer: number, values: ReadonlyMap<number, Float32Array>): Promise<void> {
    const weights = this.weights.layers[layer];
    const feedForward = await replaceValues(weights.feedForward, values);
    this.weights.layers[layer] = { ...weights, feedForward };
  }

  async wordEmbeddings(ids: readonly number[]): Promise<Float32Array[]> {
    return ids.length === 0 ? [] : rowsOf(tf.tidy(() => tokenRows(this.weights.wordEmbeddings, ids)));
  }

  dispose(): void {
    tf.dispose(this.weights);
  }

  /** What traces go on with. */
  layerWeights(layer: number): Layer {
    return this.weights.layers[layer];
  }
}
