/**
 * Llama (Touvron et al., 2023, https://arxiv.org/abs/2302.13971) and the families that differ from it in little, after
 * `LlamaForCausalLM` in huggingface/transformers: root mean square norms, rotary positions, a gated network, heads that may share keys
 * and values.
 */
import { z } from 'zod';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import {
  layerCount,
  malformed,
  nonlinearityOf,
  notComputed,
  parseFields,
  positive,
} from '../config-fields.js';
import type { DecoderConfig, DecoderFamilyName } from './config.js';
import type { DecoderFamily } from './family.js';
import { type DecoderNames, readDecoder } from './read-decoder.js';
import { parseRotary } from './rope.js';
import type { DecoderLayerWeights, DecoderWeights } from './weights.js';

const schema = z.looseObject({
  hidden_size: positive,
  intermediate_size: positive,
  num_hidden_layers: layerCount,
  num_attention_heads: positive,
  num_key_value_heads: positive.nullish(),
  head_dim: positive.nullish(),
  vocab_size: positive,
  max_position_embeddings: positive,
  hidden_act: z.string().default('silu'),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  sliding_window: positive.nullish(),
  use_sliding_window: z.boolean().nullish(),
  max_window_layers: z.int().nonnegative().nullish(),
  layer_types: z.array(z.string()).nullish(),
});
export type LlamaFields = z.infer<typeof schema>;

/** What a family has of its own. */
interface Own {
  readonly name: DecoderFamilyName;
  /** What its class in transformers takes where config.json has no such key. */
  readonly defaults: Partial<LlamaFields>;
  /** Whether queries, keys and values have biases; default: none. */
  readonly inputBias?: boolean;
  /** Which of these keys its class reads: whether all maps of attention, or of the network, have biases. */
  readonly biasKeys?: readonly ('attention_bias' | 'mlp_bias')[];
  /** Whether queries and keys are normalised head by head. */
  readonly headNorms?: boolean;
  /** Whether what attention and the network give is normalised before it is added, as Gemma 2 names its norms. */
  readonly endNorms?: boolean;
  /** Added to what a norm multiplies by; default: 0. */
  readonly normOffset?: number;
  /** How many tokens a layer sees; null, and default: all. */
  readonly windowOf?: (fields: LlamaFields, layer: number) => number | null;
}

export function llamaLike(own: Own): DecoderFamily {
  return {
    base: 'model',
    parseConfig: (json, path) => parseConfig(json, path, own),
    readWeights: (reader, config) => readWeights(reader, config, own),
    /** [hidden, intermediate], a column a neuron. */
    valuesOf: (_, { hiddenSize, intermediateSize }, layer) => ({
      name: `model.layers.${layer}.mlp.down_proj.weight`,
      shape: [hiddenSize, intermediateSize],
      neuronIs: 'column',
    }),
  };
}

function parseConfig(
  json: unknown,
  path: string,
  { name, defaults, biasKeys = [], windowOf = () => null }: Own,
): DecoderConfig {
  const given = typeof json === 'object' ? json : {};
  const config = parseFields(schema, { ...defaults, ...given }, path);
  const heads = config.num_attention_heads;
  const keyValueHeads = config.num_key_value_heads ?? heads;
  if (heads % keyValueHeads !== 0)
    throw malformed(path, `${heads} attention heads cannot share ${keyValueHeads} heads of keys and values`);
  const headSize = config.head_dim ?? Math.trunc(config.hidden_size / heads);
  const rotary = parseRotary(json, path, headSize);
  if (rotary.size !== headSize) throw notComputed(path, '"partial_rotary_factor" is not 1', '1 alone');
  return {
    architecture: name,
    causal: true,
    gated: true,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    layers: config.num_hidden_layers,
    heads,
    keyValueHeads,
    headSize,
    vocabularySize: config.vocab_size,
    maxTokens: config.max_position_embeddings,
    normEpsilon: config.rms_norm_eps,
    nonlinearity: nonlinearityOf('hidden_act', config.hidden_act, path),
    tiedEmbeddings: config.tie_word_embeddings,
    attention: Array.from({ length: config.num_hidden_layers }, (_, layer) => {
      const window = windowOf(config, layer);
      checkType(config, layer, window, path);
      return { scale: 1 / Math.sqrt(headSize), window };
    }),
    rotary,
    attentionBias: biasKeys.includes('attention_bias') && config.attention_bias,
    networkBias: biasKeys.includes('mlp_bias') && config.mlp_bias,
  };
}

/** Python's Llama does not read `layer_types`, and its Mistral becomes another model by it: what it says otherwise is not guessed at. */
function checkType({ layer_types: types }: LlamaFields, layer: number, window: number | null, path: string) {
  const computed = window === null ? 'full_attention' : 'sliding_attention';
  if (!types || types[layer] === computed) return;
  const asked = `"layer_types" has ${JSON.stringify(types[layer])} for layer ${layer}`;
  throw notComputed(path, asked, `"${computed}" there`);
}

const NAMES: DecoderNames = {
  words: 'model.embed_tokens',
  layers: 'model.layers',
  finalNorm: 'model.norm',
  head: 'lm_head',
};

function readWeights(reader: WeightReader, config: DecoderConfig, own: Own): Promise<DecoderWeights> {
  const norm = (name: string) => reader.rmsNorm(name, config.hiddenSize, config.normEpsilon, own.normOffset);
  return readDecoder(reader, config, NAMES, norm, at => readLayer(reader, at, config, own));
}

async function readLayer(
  reader: WeightReader,
  at: string,
  { hiddenSize: hidden, intermediateSize, heads, keyValueHeads, headSize, ...config }: DecoderConfig,
  { inputBias = false, headNorms = false, endNorms = false, normOffset }: Own,
): Promise<DecoderLayerWeights> {
  const norm = (name: string, width = hidden) =>
    reader.rmsNorm(`${at}.${name}`, width, config.normEpsilon, normOffset);
  const { attentionBias = false, networkBias = false } = config;
  const attention = `${at}.self_attn`;
  const keysOrValues = keyValueHeads * headSize;
  return {
    attentionNorm: await norm('input_layernorm'),
    attentionInput: await reader.linearsOf(
      [
        { name: `${attention}.q_proj`, output: heads * headSize },
        { name: `${attention}.k_proj`, output: keysOrValues },
        { name: `${attention}.v_proj`, output: keysOrValues },
      ],
      hidden,
      inputBias || attentionBias,
    ),
    ...(headNorms && {
      headNorms: {
        query: await norm('self_attn.q_norm', headSize),
        key: await norm('self_attn.k_norm', headSize),
      },
    }),
    attentionOutput: await reader.linear(`${attention}.o_proj`, heads * headSize, hidden, attentionBias),
    ...(endNorms && {
      attentionEndNorm: await norm('post_attention_layernorm'),
      feedForwardEndNorm: await norm('post_feedforward_layernorm'),
    }),
    feedForwardNorm: await norm(endNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm'),
    feedForward: {
      intermediate: await reader.linears(
        [`${at}.mlp.gate_proj`, `${at}.mlp.up_proj`],
        hidden,
        intermediateSize,
        networkBias,
      ),
      output: await reader.linear(`${at}.mlp.down_proj`, intermediateSize, hidden, networkBias),
      nonlinearity: config.nonlinearity,
      gated: true,
    },
  };
}
