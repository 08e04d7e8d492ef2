/** GPT-Neo (Black et al., 2021), after `GPTNeoForCausalLM` in huggingface/transformers. */
import { z } from 'zod';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import { checkHeads, layerCount, malformed, parseFields, positive } from '../config-fields.js';
import type { DecoderConfig } from './config.js';
import type { DecoderFamily } from './family.js';
import { gptFields, gptMeasures, type Products, readGptWeights } from './gpt2.js';

const schema = z.object({
  hidden_size: positive,
  num_layers: layerCount,
  num_heads: positive,
  intermediate_size: positive.nullish(),
  max_position_embeddings: positive,
  ...gptFields,
  attention_types: z
    .array(z.tuple([z.array(z.enum(['global', 'local'])).nonempty(), positive]))
    .default([[['global', 'local'], 12]]),
  /** The same layer by layer, which files may have beside it: transformers takes it then. */
  attention_layers: z.array(z.enum(['global', 'local'])).optional(),
  window_size: positive.default(256),
});

/** Scores as they are, and a window in its local layers. */
export function parseGptNeoConfig(json: unknown, path: string): DecoderConfig {
  const config = parseFields(schema, json, path);
  checkHeads(config.hidden_size, config.num_heads, path);
  // Counted before they are listed: a damaged file may ask for a billion.
  const named = {
    attention_types: config.attention_types.reduce((sum, [kinds, times]) => sum + kinds.length * times, 0),
    attention_layers: config.attention_layers?.length ?? config.num_layers,
  };
  for (const [key, count] of Object.entries(named))
    if (count !== config.num_layers)
      throw malformed(path, `"${key}" names ${count} layers, and "num_layers" is ${config.num_layers}`);
  const kinds =
    config.attention_layers ??
    config.attention_types.flatMap(([kinds, times]) => Array.from({ length: times }, () => kinds).flat());
  return {
    architecture: 'gpt_neo',
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size ?? 4 * config.hidden_size,
    layers: config.num_layers,
    heads: config.num_heads,
    keyValueHeads: config.num_heads,
    headSize: config.hidden_size / config.num_heads,
    maxTokens: config.max_position_embeddings,
    ...gptMeasures(config, path),
    attention: kinds.map(kind => ({ scale: 1, window: kind === 'local' ? config.window_size : null })),
  };
}

async function readLayer(reader: WeightReader, at: string, config: DecoderConfig): Promise<Products> {
  const { hiddenSize: hidden, intermediateSize: intermediate } = config;
  const attention = `${at}.attn.attention`;
  return {
    attentionInput: await reader.linears(
      ['q_proj', 'k_proj', 'v_proj'].map(name => `${attention}.${name}`),
      hidden,
      hidden,
      false,
    ),
    attentionOutput: await reader.linear(`${attention}.out_proj`, hidden, hidden),
    feedForward: {
      intermediate: await reader.linears([`${at}.mlp.c_fc`], hidden, intermediate, true),
      output: await reader.linear(`${at}.mlp.c_proj`, intermediate, hidden),
      nonlinearity: config.nonlinearity,
    },
  };
}

export const gptNeo: DecoderFamily = {
  base: 'transformer',
  parseConfig: parseGptNeoConfig,
  readWeights: (reader, config) => readGptWeights(reader, config, readLayer),
  /** [hidden, intermediate], a column a neuron. */
  valuesOf: (_, { intermediateSize, hiddenSize }, layer) => ({
    name: `transformer.h.${layer}.mlp.c_proj.weight`,
    shape: [hiddenSize, intermediateSize],
    neuronIs: 'column',
  }),
};
