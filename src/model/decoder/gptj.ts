/** GPT-J (Wang and Komatsuzaki, 2021), after `GPTJForCausalLM` in huggingface/transformers. */
import { z } from 'zod';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import { malformed, parseFields, positive } from '../config-fields.js';
import { type DecoderConfig, fullAttention } from './config.js';
import type { DecoderFamily } from './family.js';
import { GPT_NAMES, gpt2Fields, gpt2Measures } from './gpt2.js';
import { readDecoder } from './read-decoder.js';
import { checkTurned, plainFrequencies } from './rope.js';
import type { DecoderLayerWeights, DecoderWeights } from './weights.js';

const schema = z.object({
  ...gpt2Fields,
  n_positions: positive.default(2048),
  rotary_dim: positive.default(64),
  tie_word_embeddings: z.boolean().default(false),
});

/** One norm for attention and network, which are added at once; neighbouring columns turned. */
function parseConfig(json: unknown, path: string): DecoderConfig {
  const config = parseFields(schema, json, path);
  const measures = gpt2Measures(config, path);
  const { layers, headSize } = measures;
  const { rotary_dim: size } = config;
  checkTurned(path, size);
  if (size % 2 !== 0 || size > headSize)
    throw malformed(path, `"rotary_dim" is ${size}, no even part of ${headSize} columns of a head`);
  return {
    architecture: 'gptj',
    ...measures,
    attention: fullAttention(layers, headSize),
    rotary: { size, frequencies: plainFrequencies(size, 10_000) },
    parallelResidual: true,
  };
}

async function readWeights(reader: WeightReader, config: DecoderConfig): Promise<DecoderWeights> {
  const norm = (name: string) => reader.norm(name, config.hiddenSize, config.normEpsilon);
  const weights = await readDecoder(reader, config, GPT_NAMES, norm, at => readLayer(reader, at, config));
  const bias = await reader.vector('lm_head.bias', config.vocabularySize);
  return { ...weights, vocabulary: { ...weights.vocabulary, bias } };
}

async function readLayer(
  reader: WeightReader,
  at: string,
  { hiddenSize: hidden, intermediateSize, heads, headSize, ...config }: DecoderConfig,
): Promise<DecoderLayerWeights> {
  const norm = await reader.norm(`${at}.ln_1`, hidden, config.normEpsilon);
  const maps = ['q_proj', 'k_proj', 'v_proj'].map(name => ({ name: `${at}.attn.${name}`, output: hidden }));
  const order = turnedFirst(heads, headSize, config.rotary?.size ?? 0);
  return {
    attentionNorm: norm,
    attentionInput: await reader.linearsOf(maps, hidden, false, order),
    attentionOutput: await reader.linear(`${at}.attn.out_proj`, hidden, hidden, false),
    feedForwardNorm: norm,
    feedForward: {
      intermediate: await reader.linears([`${at}.mlp.fc_in`], hidden, intermediateSize, true),
      output: await reader.linear(`${at}.mlp.fc_out`, intermediateSize, hidden),
      nonlinearity: config.nonlinearity,
    },
  };
}

/**
 * Queries and keys with the first of each pair that is turned together before the second (layers/rotary.ts): the columns
 * 0, 2, 4, ... of what is turned, 1, 3, 5, ..., and the rest as it is; values as they are.
 */
function turnedFirst(heads: number, size: number, turned: number): number[] {
  const half = turned / 2;
  const from = (column: number) => {
    if (column >= turned) return column;
    return column < half ? 2 * column : 2 * (column - half) + 1;
  };
  const width = heads * size;
  return Array.from({ length: 3 * width }, (_, i) => (i < 2 * width ? i - (i % size) + from(i % size) : i));
}

export const gptj: DecoderFamily = {
  base: 'transformer',
  parseConfig,
  readWeights,
  /** [hidden, intermediate], a column a neuron. */
  valuesOf: (_, { intermediateSize, hiddenSize }, layer) => ({
    name: `transformer.h.${layer}.mlp.fc_out.weight`,
    shape: [hiddenSize, intermediateSize],
    neuronIs: 'column',
  }),
};
