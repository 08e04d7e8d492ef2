import * as tf from '@tensorflow/tfjs-core';
import type { Checkpoint } from '../checkpoint.js';
import type { VocabularyWeights } from '../layers/answer-probability.js';
import type { FeedForwardWeights } from '../layers/feed-forward.js';
import type { LayerNormWeights } from '../layers/layer-norm.js';
import type { LinearWeights } from '../layers/linear.js';
import type { BertConfig } from './config.js';

export type BertLayerWeights = {
  readonly query: LinearWeights;
  readonly key: LinearWeights;
  readonly value: LinearWeights;
  readonly attentionOutput: LinearWeights;
  readonly attentionNorm: LayerNormWeights;
  readonly feedForward: FeedForwardWeights;
  readonly outputNorm: LayerNormWeights;
};

export type BertWeights = {
  /** [vocabulary, hidden] */
  readonly wordEmbeddings: tf.Tensor2D;
  /** Position embeddings plus the embedding of token type 0, the only type that a single sentence has. */
  readonly positionEmbeddings: tf.Tensor2D;
  readonly embeddingNorm: LayerNormWeights;
  readonly layers: BertLayerWeights[];
  readonly head: {
    readonly transform: LinearWeights;
    readonly transformNorm: LayerNormWeights;
    /** Its embeddings are `wordEmbeddings` itself where the checkpoint ties them. */
    readonly vocabulary: VocabularyWeights;
  };
};

/**
 * Reads a BertForMaskedLM checkpoint onto the running engine.
 * @throws UserError, naming the tensor, where one is missing or has another shape
 */
export async function loadBertWeights(checkpoint: Checkpoint, config: BertConfig): Promise<BertWeights> {
  const owned: tf.Tensor[] = [];
  try {
    return await readWeights(checkpoint, config, owned);
  } catch (error) {
    tf.dispose(owned);
    throw error;
  }
}

async function readWeights(
  checkpoint: Checkpoint,
  config: BertConfig,
  owned: tf.Tensor[],
): Promise<BertWeights> {
  const { hiddenSize: hidden, intermediateSize: intermediate, vocabularySize: vocabulary } = config;
  // Some tools save the encoder without its "bert." prefix.
  const prefix = checkpoint.has('embeddings.word_embeddings.weight') ? '' : 'bert.';

  const own = <T extends tf.Tensor>(tensor: T): T => {
    owned.push(tensor);
    return tensor;
  };
  const vector = async (name: string, width: number): Promise<tf.Tensor1D> =>
    own(tf.tensor1d(await checkpoint.read(name, [width])));
  const matrix = async (name: string, rows: number, columns: number): Promise<tf.Tensor2D> =>
    own(tf.tensor2d(await checkpoint.read(name, [rows, columns]), [rows, columns]));
  const linear = async (name: string, input: number, output: number): Promise<LinearWeights> => {
    const stored = await checkpoint.read(`${name}.weight`, [output, input]);
    return {
      weight: own(tf.tensor2d(transposed(stored, output, input), [input, output])),
      bias: await vector(`${name}.bias`, output),
    };
  };
  const norm = async (name: string): Promise<LayerNormWeights> => {
    // Checkpoints converted from TensorFlow, bert-base-uncased among them, keep TensorFlow's names.
    const old = checkpoint.has(`${name}.gamma`);
    return {
      gamma: await vector(`${name}.${old ? 'gamma' : 'weight'}`, hidden),
      beta: await vector(`${name}.${old ? 'beta' : 'bias'}`, hidden),
      epsilon: config.layerNormEpsilon,
    };
  };

  const embeddings = `${prefix}embeddings`;
  const wordEmbeddings = await matrix(`${embeddings}.word_embeddings.weight`, vocabulary, hidden);
  const positions = await matrix(`${embeddings}.position_embeddings.weight`, config.maxPositions, hidden);
  const types = await matrix(`${embeddings}.token_type_embeddings.weight`, config.tokenTypes, hidden);
  const positionEmbeddings = own(
    tf.tidy(() => tf.add<tf.Tensor2D>(positions, tf.slice(types, [0, 0], [1, hidden]))),
  );
  tf.dispose([positions, types]);

  const layers: BertLayerWeights[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `${prefix}encoder.layer.${layer}`;
    layers.push({
      query: await linear(`${at}.attention.self.query`, hidden, hidden),
      key: await linear(`${at}.attention.self.key`, hidden, hidden),
      value: await linear(`${at}.attention.self.value`, hidden, hidden),
      attentionOutput: await linear(`${at}.attention.output.dense`, hidden, hidden),
      attentionNorm: await norm(`${at}.attention.output.LayerNorm`),
      feedForward: {
        intermediate: await linear(`${at}.intermediate.dense`, hidden, intermediate),
        output: await linear(`${at}.output.dense`, intermediate, hidden),
      },
      outputNorm: await norm(`${at}.output.LayerNorm`),
    });
  }

  // A tied checkpoint may hold the matrix a second time; transformers then uses the word embeddings.
  const ownVocabulary = config.tiedEmbeddings
    ? wordEmbeddings
    : await matrix('cls.predictions.decoder.weight', vocabulary, hidden);
  const biasName = checkpoint.has('cls.predictions.bias')
    ? 'cls.predictions.bias'
    : 'cls.predictions.decoder.bias';
  return {
    wordEmbeddings,
    positionEmbeddings,
    embeddingNorm: await norm(`${embeddings}.LayerNorm`),
    layers,
    head: {
      transform: await linear('cls.predictions.transform.dense', hidden, hidden),
      transformNorm: await norm('cls.predictions.transform.LayerNorm'),
      vocabulary: {
        embeddings: ownVocabulary,
        bias: await vector(biasName, vocabulary),
      },
    },
  };
}

/** A [rows, columns] matrix as [columns, rows], in blocks that stay in the processor's cache. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const BLOCK = 32;
  const out = new Float32Array(values.length);
  for (let r0 = 0; r0 < rows; r0 += BLOCK) {
    for (let c0 = 0; c0 < columns; c0 += BLOCK) {
      for (let r = r0; r < Math.min(r0 + BLOCK, rows); r++) {
        for (let c = c0; c < Math.min(c0 + BLOCK, columns); c++) out[c * rows + r] = values[r * columns + c];
      }
    }
  }
  return out;
}
