import { z } from 'zod';
import { UserError } from '../../errors.js';
import { checkHeads, layerCount, nonlinearityOf, parseFields, positive } from '../config-fields.js';
import type { ModelShape } from '../language-model.js';
import type { Nonlinearity } from '../layers/nonlinearity.js';

const schema = z.object({
  hidden_size: positive,
  intermediate_size: positive,
  num_hidden_layers: layerCount,
  num_attention_heads: positive,
  vocab_size: positive,
  max_position_embeddings: positive,
  type_vocab_size: positive,
  hidden_act: z.string().default('gelu'),
  layer_norm_eps: z.number().positive().default(1e-12),
  position_embedding_type: z.string().default('absolute'),
  is_decoder: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(true),
});

/** A BERT's measures, under the names of the papers. */
export interface BertConfig extends ModelShape {
  readonly architecture: 'bert';
  readonly heads: number;
  readonly tokenTypes: number;
  readonly layerNormEpsilon: number;
  readonly nonlinearity: Nonlinearity;
  /** Whether the vocabulary matrix of the head is the word embeddings. */
  readonly tiedEmbeddings: boolean;
}

/**
 * @param json what config.json holds
 * @throws UserError, naming `path` and the field, where it is not a BERT that kn computes exactly
 */
export function parseBertConfig(json: unknown, path: string): BertConfig {
  const config = parseFields(schema, json, path);
  const demand = (field: string, actual: unknown, expected: unknown) => {
    if (actual !== expected)
      throw new UserError(`${path}: "${field}" is ${actual}; kn computes ${expected} alone`);
  };
  demand('position_embedding_type', config.position_embedding_type, 'absolute');
  demand('is_decoder', config.is_decoder, false);
  checkHeads(config.hidden_size, config.num_attention_heads, path);
  return {
    architecture: 'bert',
    causal: false,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    vocabularySize: config.vocab_size,
    maxTokens: config.max_position_embeddings,
    tokenTypes: config.type_vocab_size,
    layerNormEpsilon: config.layer_norm_eps,
    nonlinearity: nonlinearityOf('hidden_act', config.hidden_act, path),
    tiedEmbeddings: config.tie_word_embeddings,
  };
}

/** How many numbers the weights are. */
export function countBertParameters(config: BertConfig): number {
  const {
    hiddenSize: h,
    intermediateSize: f,
    layers,
    vocabularySize,
    maxTokens,
    tokenTypes,
    tiedEmbeddings,
  } = config;
  const layer = 4 * (h * h + h) + 2 * h * f + f + h + 4 * h;
  const vocabulary = vocabularySize * h * (tiedEmbeddings ? 1 : 2) + vocabularySize;
  return vocabulary + (maxTokens + tokenTypes) * h + layers * layer + h * h + 5 * h;
}
