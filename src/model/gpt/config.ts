import { z } from 'zod';
import { UserError } from '../../errors.js';
import { checkHeads, layerCount, nonlinearityOf, parseFields, positive } from '../config-fields.js';
import type { ModelShape } from '../language-model.js';
import type { Nonlinearity } from '../layers/nonlinearity.js';

/** The fields that GPT-2 and GPT-Neo name alike. */
const shared = {
  vocab_size: positive,
  activation_function: z.string().default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
};

const gpt2Schema = z.object({
  n_embd: positive,
  n_layer: layerCount,
  n_head: positive,
  n_inner: positive.nullish(),
  n_positions: positive,
  ...shared,
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
});

const attentionKind = z.enum(['global', 'local']);

const gptNeoSchema = z.object({
  hidden_size: positive,
  num_layers: layerCount,
  num_heads: positive,
  intermediate_size: positive.nullish(),
  max_position_embeddings: positive,
  ...shared,
  attention_types: z.array(z.tuple([z.array(attentionKind).nonempty(), positive])),
  window_size: positive.default(256),
});

/** How one layer attends. */
export interface LayerAttention {
  /** Scores are multiplied by it. */
  readonly scale: number;
  /** A token sees so many tokens, itself the last; null: all before it. */
  readonly window: number | null;
}

/** A GPT's measures, under the names of the papers. */
export interface GptConfig extends ModelShape {
  readonly architecture: 'gpt2' | 'gpt_neo';
  readonly heads: number;
  readonly layerNormEpsilon: number;
  readonly nonlinearity: Nonlinearity;
  /** Whether the vocabulary matrix is the word embeddings. */
  readonly tiedEmbeddings: boolean;
  /** Of each layer. */
  readonly attention: readonly LayerAttention[];
}

/**
 * GPT-2 (Radford et al., 2019): scores divided by the root of the head size.
 * @throws UserError, naming `path` and the field, where it is not a GPT-2 that kn computes exactly
 */
export function parseGpt2Config(json: unknown, path: string): GptConfig {
  const config = parseFields(gpt2Schema, json, path);
  checkHeads(config.n_embd, config.n_head, path);
  const scale = config.scale_attn_weights ? 1 / Math.sqrt(config.n_embd / config.n_head) : 1;
  return {
    architecture: 'gpt2',
    hiddenSize: config.n_embd,
    intermediateSize: config.n_inner ?? 4 * config.n_embd,
    layers: config.n_layer,
    heads: config.n_head,
    maxTokens: config.n_positions,
    ...sharedMeasures(config, path),
    attention: Array.from({ length: config.n_layer }, (_, layer) => ({
      scale: config.scale_attn_by_inverse_layer_idx ? scale / (layer + 1) : scale,
      window: null,
    })),
  };
}

/**
 * GPT-Neo (Black et al., 2021): scores as they are, and a window in its local layers.
 * @throws UserError, naming `path` and the field, where it is not a GPT-Neo that kn computes exactly
 */
export function parseGptNeoConfig(json: unknown, path: string): GptConfig {
  const config = parseFields(gptNeoSchema, json, path);
  checkHeads(config.hidden_size, config.num_heads, path);
  const named = config.attention_types.reduce((sum, [kinds, times]) => sum + kinds.length * times, 0);
  if (named !== config.num_layers)
    throw new UserError(
      `${path}: "attention_types" names ${named} layers, and "num_layers" is ${config.num_layers}`,
    );
  const kinds = config.attention_types.flatMap(([kinds, times]) =>
    Array.from({ length: times }, () => kinds).flat(),
  );
  return {
    architecture: 'gpt_neo',
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size ?? 4 * config.hidden_size,
    layers: config.num_layers,
    heads: config.num_heads,
    maxTokens: config.max_position_embeddings,
    ...sharedMeasures(config, path),
    attention: kinds.map(kind => ({ scale: 1, window: kind === 'local' ? config.window_size : null })),
  };
}

/** What is read of them. */
function sharedMeasures(config: z.infer<z.ZodObject<typeof shared>>, path: string) {
  return {
    causal: true,
    vocabularySize: config.vocab_size,
    layerNormEpsilon: config.layer_norm_epsilon,
    nonlinearity: nonlinearityOf('activation_function', config.activation_function, path),
    tiedEmbeddings: config.tie_word_embeddings,
  };
}

/** How many numbers the weights are. */
export function countGptParameters(config: GptConfig): number {
  const { hiddenSize: h, intermediateSize: f, layers, vocabularySize, maxTokens, tiedEmbeddings } = config;
  const layer = 4 * (h * h + h) + 2 * h * f + f + h + 4 * h;
  return vocabularySize * h * (tiedEmbeddings ? 1 : 2) + maxTokens * h + layers * layer + 2 * h;
}
