/** GPT-2 (Radford et al., 2019), after `GPT2LMHeadModel` in huggingface/transformers. */
import { z } from 'zod';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import { checkHeads, layerCount, nonlinearityOf, parseFields, positive } from '../config-fields.js';
import type { DecoderConfig } from './config.js';
import type { DecoderFamily } from './family.js';
import { type DecoderNames, readDecoder } from './read-decoder.js';
import type { DecoderLayerWeights, DecoderWeights } from './weights.js';

/** The fields that GPT-2 and GPT-Neo name alike. */
export const gptFields = {
  vocab_size: positive,
  activation_function: z.string().default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
};

/** Those that GPT-2 and GPT-J name alike. */
export const gpt2Fields = {
  n_embd: positive,
  n_layer: layerCount,
  n_head: positive,
  n_inner: positive.nullish(),
  n_positions: positive,
  ...gptFields,
};

const schema = z.object({
  ...gpt2Fields,
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
});

/** What is read of them. */
export function gptMeasures(config: z.infer<z.ZodObject<typeof gptFields>>, path: string) {
  return {
    causal: true,
    gated: false,
    vocabularySize: config.vocab_size,
    normEpsilon: config.layer_norm_epsilon,
    nonlinearity: nonlinearityOf('activation_function', config.activation_function, path),
    tiedEmbeddings: config.tie_word_embeddings,
  };
}

/** The same of a GPT-2 and a GPT-J. */
export function gpt2Measures(config: z.infer<z.ZodObject<typeof gpt2Fields>>, path: string) {
  checkHeads(config.n_embd, config.n_head, path);
  return {
    hiddenSize: config.n_embd,
    intermediateSize: config.n_inner ?? 4 * config.n_embd,
    layers: config.n_layer,
    heads: config.n_head,
    keyValueHeads: config.n_head,
    headSize: config.n_embd / config.n_head,
    maxTokens: config.n_positions,
    ...gptMeasures(config, path),
  };
}

/** Scores divided by the root of the head size. */
export function parseGpt2Config(json: unknown, path: string): DecoderConfig {
  const config = parseFields(schema, json, path);
  const measures = gpt2Measures(config, path);
  const scale = config.scale_attn_weights ? 1 / Math.sqrt(measures.headSize) : 1;
  return {
    architecture: 'gpt2',
    ...measures,
    attention: Array.from({ length: config.n_layer }, (_, layer) => ({
      scale: config.scale_attn_by_inverse_layer_idx ? scale / (layer + 1) : scale,
      window: null,
    })),
  };
}

/** What GPT-2, GPT-Neo and GPT-J name alike. */
export const GPT_NAMES: DecoderNames = {
  words: 'transformer.wte',
  layers: 'transformer.h',
  finalNorm: 'transformer.ln_f',
  head: 'lm_head',
};

/** What a layer has beside its norms. */
export type Products = Omit<DecoderLayerWeights, 'attentionNorm' | 'feedForwardNorm'>;

/** @param readLayer its products, whose names begin with `at` */
export async function readGptWeights(
  reader: WeightReader,
  config: DecoderConfig,
  readLayer: (reader: WeightReader, at: string, config: DecoderConfig) => Promise<Products>,
): Promise<DecoderWeights> {
  const { hiddenSize: hidden, maxTokens } = config;
  const norm = (name: string) => reader.norm(name, hidden, config.normEpsilon);
  const weights = await readDecoder(reader, config, GPT_NAMES, norm, async at => ({
    attentionNorm: await norm(`${at}.ln_1`),
    ...(await readLayer(reader, at, config)),
    feedForwardNorm: await norm(`${at}.ln_2`),
  }));
  return { ...weights, positionEmbeddings: await reader.matrix('transformer.wpe.weight', maxTokens, hidden) };
}

async function readLayer(reader: WeightReader, at: string, config: DecoderConfig): Promise<Products> {
  const { hiddenSize: hidden, intermediateSize: intermediate } = config;
  const attentionInput = await reader.convolutionEitherWay(`${at}.attn.c_attn`, hidden, 3 * hidden);
  const attentionOutput = await reader.convolution(`${at}.attn.c_proj`, hidden, hidden);
  const first = await reader.convolutionEitherWay(`${at}.mlp.c_fc`, hidden, intermediate);
  const second = await reader.convolution(`${at}.mlp.c_proj`, intermediate, hidden);
  const feedForward = { intermediate: first, output: second, nonlinearity: config.nonlinearity };
  return { attentionInput, attentionOutput, feedForward };
}

export const gpt2: DecoderFamily = {
  base: 'transformer',
  parseConfig: parseGpt2Config,
  readWeights: (reader, config) => readGptWeights(reader, config, readLayer),
  /** [intermediate, hidden], a row a neuron. */
  valuesOf: (_, { intermediateSize, hiddenSize }, layer) => ({
    name: `transformer.h.${layer}.mlp.c_proj.weight`,
    shape: [intermediateSize, hiddenSize],
    neuronIs: 'row',
  }),
};
