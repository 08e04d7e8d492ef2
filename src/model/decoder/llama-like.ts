/**
 * Llama (Touvron et al., 2023, https://arxiv.org/abs/2302.13971) and the families that differ from it in little, after
 * `LlamaForCausalLM` in huggingface/transformers: root mean square norms, rotary positions, a gated network, heads that may share keys
 * and values.
 */
import { z } from 'zod';
import { UserError } from '../../errors.js';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import { layerCount, nonlinearityOf, parseFields, positive } from '../config-fields.js';
import type { DecoderConfig, DecoderFamilyName } from './config.js';
import type { DecoderFamily } from './family.js';
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
  max_position_embeddings: positive.default(2048),
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
  /** Whether queries, keys and values have biases. */
  readonly inputBias: boolean;
  /** How many tokens a layer sees; null: all. */
  readonly windowOf: (fields: LlamaFields, layer: number) => number | null;
}

export function llamaLike({ name, inputBias, windowOf }: Own): DecoderFamily {
  return {
    parseConfig: (json, path) => parseConfig(json, path, name, windowOf),
    readWeights: (reader, config) => readWeights(reader, config, inputBias),
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
  architecture: DecoderFamilyName,
  windowOf: Own['windowOf'],
): DecoderConfig {
  const config = parseFields(schema, json, path);
  for (const bias of ['attention_bias', 'mlp_bias'] as const)
    if (config[bias]) throw new UserError(`${path}: "${bias}" is true; kn computes false alone`);
  const heads = config.num_attention_heads;
  const keyValueHeads = config.num_key_value_heads ?? heads;
  if (heads % keyValueHeads !== 0)
    throw new UserError(
      `${path}: ${heads} attention heads cannot share ${keyValueHeads} heads of keys and values`,
    );
  const headSize = config.head_dim ?? Math.trunc(config.hidden_size / heads);
  const rotary = parseRotary(json, path, headSize);
  if (rotary.size !== headSize)
    throw new UserError(`${path}: "partial_rotary_factor" is not 1; kn computes 1 alone`);
  return {
    architecture,
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
  };
}

/** Python's Llama and Mistral do not read `layer_types`: what it says otherwise than the rest is not guessed at. */
function checkType({ layer_types: types }: LlamaFields, layer: number, window: number | null, path: string) {
  const computed = window === null ? 'full_attention' : 'sliding_attention';
  if (!types || types[layer] === computed) return;
  throw new UserError(
    `${path}: "layer_types" has ${JSON.stringify(types[layer])} for layer ${layer}; kn computes "${computed}" there`,
  );
}

async function readWeights(
  reader: WeightReader,
  config: DecoderConfig,
  inputBias: boolean,
): Promise<DecoderWeights> {
  const { hiddenSize: hidden } = config;
  const { wordEmbeddings, embeddings } = await reader.vocabulary(
    'model.embed_tokens.weight',
    'lm_head.weight',
    config,
  );
  reader.checkLayers('model.layers.', config.layers);
  const layers: DecoderLayerWeights[] = [];
  for (let layer = 0; layer < config.layers; layer++)
    layers.push(await readLayer(reader, `model.layers.${layer}`, config, inputBias));
  return {
    wordEmbeddings,
    positionEmbeddings: undefined,
    layers,
    finalNorm: await reader.rmsNorm('model.norm', hidden, config.normEpsilon),
    vocabulary: { embeddings, bias: undefined },
  };
}

async function readLayer(
  reader: WeightReader,
  at: string,
  { hiddenSize: hidden, intermediateSize, heads, keyValueHeads, headSize, ...config }: DecoderConfig,
  inputBias: boolean,
): Promise<DecoderLayerWeights> {
  const norm = (name: string) => reader.rmsNorm(`${at}.${name}`, hidden, config.normEpsilon);
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
      inputBias,
    ),
    attentionOutput: await reader.linear(`${attention}.o_proj`, heads * headSize, hidden, false),
    feedForwardNorm: await norm('post_attention_layernorm'),
    feedForward: {
      intermediate: await reader.linears(
        [`${at}.mlp.gate_proj`, `${at}.mlp.up_proj`],
        hidden,
        intermediateSize,
        false,
      ),
      output: await reader.linear(`${at}.mlp.down_proj`, intermediateSize, hidden, false),
      nonlinearity: config.nonlinearity,
      gated: true,
    },
  };
}
