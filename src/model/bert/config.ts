import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { readJsonFile } from '../../files.js';

const positive = z.int().positive();

const schema = z.object({
  model_type: z.string(),
  hidden_size: positive,
  intermediate_size: positive,
  num_hidden_layers: positive,
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
export interface BertConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocabularySize: number;
  readonly maxPositions: number;
  readonly tokenTypes: number;
  readonly layerNormEpsilon: number;
  /** Whether the vocabulary matrix of the head is the word embeddings. */
  readonly tiedEmbeddings: boolean;
}

/**
 * @param json what config.json holds
 * @throws UserError, naming `path` and the field, where it is not a BERT that kn computes exactly
 */
export function parseBertConfig(json: unknown, path: string): BertConfig {
  const type = z.object({ model_type: z.string() }).safeParse(json);
  if (!type.success) throw new UserError(`${path}: no "model_type": not the config.json of a transformer`);
  if (type.data.model_type !== 'bert') {
    throw new UserError(
      `${path}: the model's architecture is "${type.data.model_type}"; kn knows "bert"`,
      'Choose a BERT with its masked-language-model head, such as bert-base-uncased, or --model demo.',
    );
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${path}: "${issue?.path.join('.')}": ${issue?.message}`);
  }
  const config = parsed.data;
  const demand = (field: string, actual: unknown, expected: unknown) => {
    if (actual !== expected)
      throw new UserError(`${path}: "${field}" is ${actual}; kn computes ${expected} alone`);
  };
  demand('hidden_act', config.hidden_act, 'gelu');
  demand('position_embedding_type', config.position_embedding_type, 'absolute');
  demand('is_decoder', config.is_decoder, false);
  if (config.hidden_size % config.num_attention_heads !== 0) {
    throw new UserError(
      `${path}: "hidden_size" ${config.hidden_size} is not a multiple of "num_attention_heads" ${config.num_attention_heads}`,
    );
  }
  return {
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    vocabularySize: config.vocab_size,
    maxPositions: config.max_position_embeddings,
    tokenTypes: config.type_vocab_size,
    layerNormEpsilon: config.layer_norm_eps,
    tiedEmbeddings: config.tie_word_embeddings,
  };
}

/** The measures of the model in `folder`, from its config.json. */
export async function readBertConfig(folder: string): Promise<BertConfig> {
  const path = join(folder, 'config.json');
  return parseBertConfig(await readJsonFile(path), path);
}

/** How many numbers the weights are. */
export function parameterCount(config: BertConfig): number {
  const {
    hiddenSize: h,
    intermediateSize: f,
    layers,
    vocabularySize,
    maxPositions,
    tokenTypes,
    tiedEmbeddings,
  } = config;
  const layer = 4 * (h * h + h) + 2 * h * f + f + h + 4 * h;
  const vocabulary = vocabularySize * h * (tiedEmbeddings ? 1 : 2) + vocabularySize;
  return vocabulary + (maxPositions + tokenTypes) * h + layers * layer + h * h + 5 * h;
}
