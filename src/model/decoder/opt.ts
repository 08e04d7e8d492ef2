/** OPT (Zhang et al., 2022, https://arxiv.org/abs/2205.01068), after `OPTForCausalLM` in huggingface/transformers. */
import { z } from 'zod';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import { checkHeads, demand, layerCount, nonlinearityOf, parseFields, positive } from '../config-fields.js';
import { type DecoderConfig, fullAttention } from './config.js';
import type { DecoderFamily } from './family.js';
import { type DecoderNames, readDecoder } from './read-decoder.js';
import type { DecoderLayerWeights, DecoderWeights } from './weights.js';

const schema = z.object({
  hidden_size: positive,
  ffn_dim: positive,
  num_hidden_layers: layerCount,
  num_attention_heads: positive,
  vocab_size: positive,
  max_position_embeddings: positive.default(2048),
  activation_function: z.string().default('relu'),
  tie_word_embeddings: z.boolean().default(true),
  word_embed_proj_dim: positive.nullish(),
  do_layer_norm_before: z.boolean().default(true),
  enable_bias: z.boolean().default(true),
  layer_norm_elementwise_affine: z.boolean().default(true),
  _remove_final_layer_norm: z.boolean().default(false),
});

/** The first rows of its position embeddings, which stand for no position. */
const POSITIONS_BEFORE = 2;

/** OPT-350M normalises after its sublayers and has narrower embeddings: kn does not compute that. */
function parseConfig(json: unknown, path: string): DecoderConfig {
  const config = parseFields(schema, json, path);
  const { hidden_size: hidden } = config;
  demand(path, 'do_layer_norm_before', config.do_layer_norm_before, true);
  demand(path, 'enable_bias', config.enable_bias, true);
  demand(path, 'layer_norm_elementwise_affine', config.layer_norm_elementwise_affine, true);
  demand(path, '_remove_final_layer_norm', config._remove_final_layer_norm, false);
  demand(path, 'word_embed_proj_dim', config.word_embed_proj_dim ?? hidden, hidden);
  checkHeads(config.hidden_size, config.num_attention_heads, path);
  const headSize = config.hidden_size / config.num_attention_heads;
  return {
    architecture: 'opt',
    causal: true,
    gated: false,
    hiddenSize: config.hidden_size,
    intermediateSize: config.ffn_dim,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    keyValueHeads: config.num_attention_heads,
    headSize,
    vocabularySize: config.vocab_size,
    maxTokens: config.max_position_embeddings,
    // That of torch.nn.LayerNorm: OPT's configuration has none.
    normEpsilon: 1e-5,
    nonlinearity: nonlinearityOf('activation_function', config.activation_function, path),
    tiedEmbeddings: config.tie_word_embeddings,
    attention: fullAttention(config.num_hidden_layers, headSize),
  };
}

const NAMES: DecoderNames = {
  words: 'model.decoder.embed_tokens',
  layers: 'model.decoder.layers',
  finalNorm: 'model.decoder.final_layer_norm',
  head: 'lm_head',
};

async function readWeights(reader: WeightReader, config: DecoderConfig): Promise<DecoderWeights> {
  const { hiddenSize: hidden, maxTokens } = config;
  const norm = (name: string) => reader.norm(name, hidden, config.normEpsilon);
  const weights = await readDecoder(reader, config, NAMES, norm, at => readLayer(reader, at, config));
  const positionEmbeddings = await reader.lowerRows(
    'model.decoder.embed_positions.weight',
    [POSITIONS_BEFORE + maxTokens, hidden],
    POSITIONS_BEFORE,
  );
  return { ...weights, positionEmbeddings };
}

async function readLayer(
  reader: WeightReader,
  at: string,
  { hiddenSize: hidden, intermediateSize, ...config }: DecoderConfig,
): Promise<DecoderLayerWeights> {
  const norm = (name: string) => reader.norm(`${at}.${name}`, hidden, config.normEpsilon);
  const inputs = ['q_proj', 'k_proj', 'v_proj'].map(name => `${at}.self_attn.${name}`);
  return {
    attentionNorm: await norm('self_attn_layer_norm'),
    attentionInput: await reader.linears(inputs, hidden, hidden, true),
    attentionOutput: await reader.linear(`${at}.self_attn.out_proj`, hidden, hidden),
    feedForwardNorm: await norm('final_layer_norm'),
    feedForward: {
      intermediate: await reader.linears([`${at}.fc1`], hidden, intermediateSize, true),
      output: await reader.linear(`${at}.fc2`, intermediateSize, hidden),
      nonlinearity: config.nonlinearity,
    },
  };
}

export const opt: DecoderFamily = {
  base: 'model',
  parseConfig,
  readWeights,
  /** [hidden, intermediate], a column a neuron. */
  valuesOf: (_, { intermediateSize, hiddenSize }, layer) => ({
    name: `model.decoder.layers.${layer}.fc2.weight`,
    shape: [hiddenSize, intermediateSize],
    neuronIs: 'column',
  }),
};
