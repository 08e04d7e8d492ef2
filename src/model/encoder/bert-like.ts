/**
 * BERT (Devlin et al., 2019) and the families whose files name an encoder's parts as BERT's do, after `BertForMaskedLM` and
 * `RobertaForMaskedLM` in huggingface/transformers. Each has a head of its own.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import {
  checkHeads,
  demand,
  layerCount,
  malformed,
  nonlinearityOf,
  parseFields,
  positive,
} from '../config-fields.js';
import type { Nonlinearity } from '../layers/nonlinearity.js';
import type { EncoderConfig, EncoderFamilyName } from './config.js';
import type { EncoderFamily } from './family.js';
import type { EncoderLayerWeights, EncoderWeights, HeadWeights } from './weights.js';

const schema = z.object({
  hidden_size: positive,
  intermediate_size: positive,
  num_hidden_layers: layerCount,
  num_attention_heads: positive,
  vocab_size: positive,
  max_position_embeddings: positive,
  type_vocab_size: positive.default(2),
  hidden_act: z.string().default('gelu'),
  layer_norm_eps: z.number().positive().default(1e-12),
  position_embedding_type: z.string().nullish(),
  is_decoder: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(true),
});

/** What a family has of its own. */
interface Own {
  readonly name: EncoderFamilyName;
  readonly base: string;
  /** The padding token's id where positions are counted from it on. */
  readonly paddingOf: (json: unknown, path: string) => number | undefined;
  /** Of the head: what the feed-forward networks have, unless it is one and the same for all models. */
  readonly headNonlinearity?: Nonlinearity;
  /** The name of its vocabulary matrix. */
  readonly vocabulary: string;
  readonly readHead: (
    reader: WeightReader,
    config: EncoderConfig,
  ) => Promise<HeadWeights & { readonly bias: tf.Tensor1D }>;
}

export function bertLike(own: Own): EncoderFamily {
  return {
    base: own.base,
    parseConfig: (json, path) => parseConfig(json, path, own),
    readWeights: (reader, config) => readWeights(reader, config, own),
    /** [hidden, intermediate], a column a neuron. */
    valuesOf: ({ hiddenSize, intermediateSize }, layer) => ({
      name: `${own.base}.encoder.layer.${layer}.output.dense.weight`,
      shape: [hiddenSize, intermediateSize],
      neuronIs: 'column',
    }),
  };
}

function parseConfig(json: unknown, path: string, own: Own): EncoderConfig {
  const config = parseFields(schema, json, path);
  demand(path, 'position_embedding_type', config.position_embedding_type ?? 'absolute', 'absolute');
  demand(path, 'is_decoder', config.is_decoder, false);
  checkHeads(config.hidden_size, config.num_attention_heads, path);
  const paddingId = own.paddingOf(json, path);
  const positions = config.max_position_embeddings;
  const maxTokens = paddingId === undefined ? positions : positions - paddingId - 1;
  if (maxTokens < 1)
    throw malformed(
      path,
      `"max_position_embeddings" is ${positions}, which leaves no position after "pad_token_id", ${paddingId}`,
    );
  const nonlinearity = nonlinearityOf('hidden_act', config.hidden_act, path);
  return {
    architecture: own.name,
    causal: false,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    vocabularySize: config.vocab_size,
    maxTokens,
    positions,
    ...(paddingId !== undefined && { paddingId }),
    tokenTypes: config.type_vocab_size,
    layerNormEpsilon: config.layer_norm_eps,
    nonlinearity,
    headNonlinearity: own.headNonlinearity ?? nonlinearity,
    tiedEmbeddings: config.tie_word_embeddings,
  };
}

async function readWeights(reader: WeightReader, config: EncoderConfig, own: Own): Promise<EncoderWeights> {
  const { hiddenSize: hidden, positions: rows } = config;
  const embedded = `${own.base}.embeddings`;
  const { wordEmbeddings, embeddings } = await reader.vocabulary(
    `${embedded}.word_embeddings.weight`,
    own.vocabulary,
    config,
  );
  const positions = await reader.matrix(`${embedded}.position_embeddings.weight`, rows, hidden);
  const types = await reader.matrix(`${embedded}.token_type_embeddings.weight`, config.tokenTypes, hidden);
  // Type 0 is the only type that a single sentence has: it goes to the positions once and for all.
  const positionEmbeddings = reader.own(
    tf.tidy(() => tf.add<tf.Tensor2D>(positions, tf.slice(types, [0, 0], [1, hidden]))),
  );
  tf.dispose([positions, types]);

  reader.checkLayers(`${own.base}.encoder.layer.`, config.layers);
  const layers: EncoderLayerWeights[] = [];
  for (let layer = 0; layer < config.layers; layer++)
    layers.push(await readLayer(reader, `${own.base}.encoder.layer.${layer}`, config));
  const { bias, ...head } = await own.readHead(reader, config);
  return {
    wordEmbeddings,
    positionEmbeddings,
    embeddingNorm: await reader.norm(`${embedded}.LayerNorm`, hidden, config.layerNormEpsilon),
    layers,
    head,
    vocabulary: { embeddings, bias },
  };
}

async function readLayer(
  reader: WeightReader,
  at: string,
  { hiddenSize: hidden, intermediateSize: intermediate, ...config }: EncoderConfig,
): Promise<EncoderLayerWeights> {
  return {
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
    attentionNorm: await reader.norm(`${at}.attention.output.LayerNorm`, hidden, config.layerNormEpsilon),
    feedForward: {
      intermediate: await reader.linears([`${at}.intermediate.dense`], hidden, intermediate, true),
      output: await reader.linear(`${at}.output.dense`, intermediate, hidden),
      nonlinearity: config.nonlinearity,
    },
    outputNorm: await reader.norm(`${at}.output.LayerNorm`, hidden, config.layerNormEpsilon),
  };
}
