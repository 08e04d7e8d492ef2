import * as tf from '@tensorflow/tfjs-core';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { ValueTensor } from '../checkpoint/value-tensor.js';
import { WeightReader } from '../checkpoint/weight-reader.js';
import type { AttentionWeights } from '../layers/attention.js';
import type { FeedForwardWeights } from '../layers/feed-forward.js';
import type { LayerNormWeights } from '../layers/layer-norm.js';
import type { LinearWeights } from '../layers/linear.js';
import type { TransformerWeights } from '../transformer.js';
import type { BertConfig } from './config.js';

export type BertLayerWeights = {
  readonly attentionInput: AttentionWeights;
  readonly attentionOutput: LinearWeights;
  readonly attentionNorm: LayerNormWeights;
  readonly feedForward: FeedForwardWeights;
  readonly outputNorm: LayerNormWeights;
};

export type BertWeights = TransformerWeights<BertLayerWeights> & {
  /** [maxTokens, hidden] */
  readonly positionEmbeddings: tf.Tensor2D;
  readonly embeddingNorm: LayerNormWeights;
  /** Before the vocabulary matrix. */
  readonly head: {
    readonly transform: LinearWeights;
    readonly transformNorm: LayerNormWeights;
  };
};

/**
 * Reads a BertForMaskedLM checkpoint onto the running engine.
 * @throws UserError, naming the tensor, where one is missing or has another shape
 */
export function loadBertWeights(checkpoint: Checkpoint, config: BertConfig): Promise<BertWeights> {
  return WeightReader.readAll(checkpoint, reader => readWeights(reader, config));
}

/** Where a checkpoint has the values of a layer's neurons: [hidden, intermediate], a column a neuron. */
export function bertValues(checkpoint: Checkpoint, config: BertConfig, layer: number): ValueTensor {
  return {
    name: `${prefixOf(checkpoint)}encoder.layer.${layer}.output.dense.weight`,
    shape: [config.hiddenSize, config.intermediateSize],
    neuronIs: 'column',
  };
}

/** Some tools save the encoder without its "bert." prefix. */
function prefixOf(checkpoint: Pick<Checkpoint, 'has'>): string {
  return checkpoint.has('embeddings.word_embeddings.weight') ? '' : 'bert.';
}

async function readWeights(reader: WeightReader, config: BertConfig): Promise<BertWeights> {
  const { hiddenSize: hidden, intermediateSize: intermediate, vocabularySize: vocabulary } = config;
  const prefix = prefixOf(reader);
  const norm = (name: string) => reader.norm(name, hidden, config.layerNormEpsilon);

  const embeddings = `${prefix}embeddings`;
  const wordEmbeddings = await reader.table(`${embeddings}.word_embeddings.weight`, vocabulary, hidden);
  const positions = await reader.matrix(`${embeddings}.position_embeddings.weight`, config.maxTokens, hidden);
  const types = await reader.matrix(`${embeddings}.token_type_embeddings.weight`, config.tokenTypes, hidden);
  // Type 0 is the only type that a single sentence has: it goes to the positions once and for all.
  const positionEmbeddings = reader.own(
    tf.tidy(() => tf.add<tf.Tensor2D>(positions, tf.slice(types, [0, 0], [1, hidden]))),
  );
  tf.dispose([positions, types]);

  reader.checkLayers(`${prefix}encoder.layer.`, config.layers);
  const layers: BertLayerWeights[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `${prefix}encoder.layer.${layer}`;
    layers.push({
      attentionInput: {
        query: await reader.linear(`${at}.attention.self.query`, hidden, hidden),
        keyValue: await reader.linears(
          ['key', 'value'].map(name => `${at}.attention.self.${name}`),
          hidden,
          hidden,
          true,
        ),
      },
      attentionOutput: await reader.linear(`${at}.attention.output.dense`, hidden, hidden),
      attentionNorm: await norm(`${at}.attention.output.LayerNorm`),
      feedForward: {
        intermediate: await reader.linears([`${at}.intermediate.dense`], hidden, intermediate, true),
        output: await reader.linear(`${at}.output.dense`, intermediate, hidden),
        nonlinearity: config.nonlinearity,
      },
      outputNorm: await norm(`${at}.output.LayerNorm`),
    });
  }

  // A tied checkpoint may hold the matrix a second time; transformers then uses the word embeddings.
  const ownVocabulary = config.tiedEmbeddings
    ? wordEmbeddings
    : await reader.table('cls.predictions.decoder.weight', vocabulary, hidden);
  const biasName = reader.has('cls.predictions.bias')
    ? 'cls.predictions.bias'
    : 'cls.predictions.decoder.bias';
  return {
    wordEmbeddings,
    positionEmbeddings,
    embeddingNorm: await norm(`${embeddings}.LayerNorm`),
    layers,
    head: {
      transform: await reader.linear('cls.predictions.transform.dense', hidden, hidden),
      transformNorm: await norm('cls.predictions.transform.LayerNorm'),
    },
    vocabulary: {
      embeddings: ownVocabulary,
      bias: await reader.vector(biasName, vocabulary),
    },
  };
}
