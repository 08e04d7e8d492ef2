/**
 * DistilBERT (Sanh et al., 2019, https://arxiv.org/abs/1910.01108), after `DistilBertForMaskedLM` in huggingface/transformers: BERT
 * without token types, under names of its own.
 */
import { z } from 'zod';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import { checkHeads, layerCount, nonlinearityOf, parseFields, positive } from '../config-fields.js';
import type { EncoderConfig } from './config.js';
import type { EncoderFamily } from './family.js';
import type { EncoderLayerWeights, EncoderWeights } from './weights.js';

/**
 * Not among them: `sinusoidal_pos_embds`, which says what a table of positions is before it is trained; what the checkpoint holds computes,
 * sinusoids too.
 */
const schema = z.object({
  dim: positive,
  hidden_dim: positive,
  n_layers: layerCount,
  n_heads: positive,
  vocab_size: positive,
  max_position_embeddings: positive.default(512),
  activation: z.string().default('gelu'),
  tie_word_embeddings: z.boolean().default(true),
});

const EPSILON = 1e-12;
const BASE = 'distilbert';

function parseConfig(json: unknown, path: string): EncoderConfig {
  const config = parseFields(schema, json, path);
  checkHeads(config.dim, config.n_heads, path);
  const nonlinearity = nonlinearityOf('activation', config.activation, path);
  return {
    architecture: 'distilbert',
    causal: false,
    hiddenSize: config.dim,
    intermediateSize: config.hidden_dim,
    layers: config.n_layers,
    heads: config.n_heads,
    vocabularySize: config.vocab_size,
    maxTokens: config.max_position_embeddings,
    positions: config.max_position_embeddings,
    tokenTypes: 0,
    layerNormEpsilon: EPSILON,
    nonlinearity,
    headNonlinearity: nonlinearity,
    tiedEmbeddings: config.tie_word_embeddings,
  };
}

async function readWeights(reader: WeightReader, config: EncoderConfig): Promise<EncoderWeights> {
  const { hiddenSize: hidden, vocabularySize: vocabulary } = config;
  const embedded = `${BASE}.embeddings`;
  const { wordEmbeddings, embeddings } = await reader.vocabulary(
    `${embedded}.word_embeddings.weight`,
    'vocab_projector.weight',
    config,
  );
  const positionEmbeddings = await reader.matrix(
    `${embedded}.position_embeddings.weight`,
    config.positions,
    hidden,
  );
  const ofLayers = `${BASE}.transformer.layer.`;
  reader.checkLayers(ofLayers, config.layers);
  const layers: EncoderLayerWeights[] = [];
  for (let layer = 0; layer < config.layers; layer++)
    layers.push(await readLayer(reader, `${ofLayers}${layer}`, config));
  return {
    wordEmbeddings,
    positionEmbeddings,
    embeddingNorm: await reader.norm(`${embedded}.LayerNorm`, hidden, EPSILON),
    layers,
    head: {
      transform: await reader.linear('vocab_transform', hidden, hidden),
      transformNorm: await reader.norm('vocab_layer_norm', hidden, EPSILON),
    },
    vocabulary: {
      embeddings,
      bias: await reader.vector('vocab_projector.bias', vocabulary),
    },
  };
}

async function readLayer(
  reader: WeightReader,
  at: string,
  { hiddenSize: hidden, intermediateSize: intermediate, nonlinearity }: EncoderConfig,
): Promise<EncoderLayerWeights> {
  return {
    attentionInput: {
      query: await reader.linear(`${at}.attention.q_lin`, hidden, hidden),
      keyValue: await reader.linears(
        ['k_lin', 'v_lin'].map(name => `${at}.attention.${name}`),
        hidden,
        hidden,
        true,
      ),
    },
    attentionOutput: await reader.linear(`${at}.attention.out_lin`, hidden, hidden),
    attentionNorm: await reader.norm(`${at}.sa_layer_norm`, hidden, EPSILON),
    feedForward: {
      intermediate: await reader.linears([`${at}.ffn.lin1`], hidden, intermediate, true),
      output: await reader.linear(`${at}.ffn.lin2`, intermediate, hidden),
      nonlinearity,
    },
    outputNorm: await reader.norm(`${at}.output_layer_norm`, hidden, EPSILON),
  };
}

export const distilbert: EncoderFamily = {
  base: BASE,
  parseConfig,
  readWeights,
  /** [hidden, intermediate], a column a neuron. */
  valuesOf: ({ hiddenSize, intermediateSize }, layer) => ({
    name: `${BASE}.transformer.layer.${layer}.ffn.lin2.weight`,
    shape: [hiddenSize, intermediateSize],
    neuronIs: 'column',
  }),
};
