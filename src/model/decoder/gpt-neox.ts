/** GPT-NeoX (Black et al., 2022, https://arxiv.org/abs/2204.06745), and Pythia, after `GPTNeoXForCausalLM` in huggingface/transformers. */
import { z } from 'zod';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import { checkHeads, demand, layerCount, nonlinearityOf, parseFields, positive } from '../config-fields.js';
import { type DecoderConfig, fullAttention } from './config.js';
import type { DecoderFamily } from './family.js';
import { type DecoderNames, readDecoder } from './read-decoder.js';
import { parseRotary } from './rope.js';
import type { DecoderLayerWeights, DecoderWeights } from './weights.js';

const schema = z.object({
  hidden_size: positive,
  intermediate_size: positive,
  num_hidden_layers: layerCount,
  num_attention_heads: positive,
  vocab_size: positive,
  max_position_embeddings: positive.default(2048),
  hidden_act: z.string().default('gelu'),
  layer_norm_eps: z.number().positive().default(1e-5),
  tie_word_embeddings: z.boolean().default(false),
  use_parallel_residual: z.boolean().default(true),
  attention_bias: z.boolean().default(true),
  /** Old names of what `rope_parameters` says. */
  rotary_pct: z.number().default(0.25),
  rotary_emb_base: z.number().default(10_000),
  rope_parameters: z.unknown().optional(),
  rope_scaling: z.unknown().optional(),
  original_max_position_embeddings: z.unknown().optional(),
  head_dim: positive.nullish(),
});

/** A part of each head turned, and a residual that is parallel or not. */
function parseConfig(json: unknown, path: string): DecoderConfig {
  const config = parseFields(schema, json, path);
  checkHeads(config.hidden_size, config.num_attention_heads, path);
  const headSize = config.hidden_size / config.num_attention_heads;
  demand(path, 'head_dim', config.head_dim ?? headSize, headSize);
  const { rope_parameters, rope_scaling, rotary_pct, rotary_emb_base } = config;
  const rope = {
    rope_parameters,
    rope_scaling,
    original_max_position_embeddings: config.original_max_position_embeddings,
    partial_rotary_factor: rotary_pct,
    rope_theta: rotary_emb_base,
  };
  return {
    architecture: 'gpt_neox',
    causal: true,
    gated: false,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    keyValueHeads: config.num_attention_heads,
    headSize,
    vocabularySize: config.vocab_size,
    maxTokens: config.max_position_embeddings,
    normEpsilon: config.layer_norm_eps,
    nonlinearity: nonlinearityOf('hidden_act', config.hidden_act, path),
    tiedEmbeddings: config.tie_word_embeddings,
    attention: fullAttention(config.num_hidden_layers, headSize),
    rotary: parseRotary(rope, path, headSize),
    parallelResidual: config.use_parallel_residual,
    attentionBias: config.attention_bias,
  };
}

const NAMES: DecoderNames = {
  words: 'gpt_neox.embed_in',
  layers: 'gpt_neox.layers',
  finalNorm: 'gpt_neox.final_layer_norm',
  head: 'embed_out',
};

function readWeights(reader: WeightReader, config: DecoderConfig): Promise<DecoderWeights> {
  const norm = (name: string) => reader.norm(name, config.hiddenSize, config.normEpsilon);
  return readDecoder(reader, config, NAMES, norm, at => readLayer(reader, at, config));
}

async function readLayer(
  reader: WeightReader,
  at: string,
  { hiddenSize: hidden, intermediateSize, heads, headSize, attentionBias = true, ...config }: DecoderConfig,
): Promise<DecoderLayerWeights> {
  const norm = (name: string) => reader.norm(`${at}.${name}`, hidden, config.normEpsilon);
  const joined = { name: `${at}.attention.query_key_value`, output: 3 * hidden };
  return {
    attentionNorm: await norm('input_layernorm'),
    attentionInput: await reader.linearsOf([joined], hidden, attentionBias, partsFirst(heads, headSize)),
    attentionOutput: await reader.linear(`${at}.attention.dense`, hidden, hidden, attentionBias),
    feedForwardNorm: await norm('post_attention_layernorm'),
    feedForward: {
      intermediate: await reader.linears([`${at}.mlp.dense_h_to_4h`], hidden, intermediateSize, true),
      output: await reader.linear(`${at}.mlp.dense_4h_to_h`, intermediateSize, hidden),
      nonlinearity: config.nonlinearity,
    },
  };
}

/** From a query, a key and a value for each head to all queries, all keys, all values. */
function partsFirst(heads: number, size: number): number[] {
  return [0, 1, 2].flatMap(part =>
    Array.from({ length: heads * size }, (_, i) => {
      const [head, column] = [Math.floor(i / size), i % size];
      return (3 * head + part) * size + column;
    }),
  );
}

export const gptNeox: DecoderFamily = {
  base: 'gpt_neox',
  parseConfig,
  readWeights,
  /** [hidden, intermediate], a column a neuron. */
  valuesOf: (_, { intermediateSize, hiddenSize }, layer) => ({
    name: `gpt_neox.layers.${layer}.mlp.dense_4h_to_h.weight`,
    shape: [hiddenSize, intermediateSize],
    neuronIs: 'column',
  }),
};
