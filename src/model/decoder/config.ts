import type { ModelShape } from '../language-model.js';
import type { Nonlinearity } from '../layers/nonlinearity.js';
import type { Rotary } from '../layers/rotary.js';

/** The `model_type` of the families that kn computes. */
export const DECODER_FAMILIES = [
  'gpt2',
  'gpt_neo',
  'gptj',
  'gpt_neox',
  'opt',
  'llama',
  'mistral',
  'qwen2',
  'qwen3',
  'gemma2',
] as const;
export type DecoderFamilyName = (typeof DECODER_FAMILIES)[number];

/** How one layer attends. */
export interface LayerAttention {
  /** Scores are multiplied by it. */
  readonly scale: number;
  /** A token sees so many tokens, itself the last; null: all before it. */
  readonly window: number | null;
  /** Scores stay within it, plus and minus. */
  readonly cap?: number | undefined;
}

/** Each layer sees all before it, its scores divided by the root of a head's size. */
export function fullAttention(layers: number, headSize: number): LayerAttention[] {
  return Array.from({ length: layers }, () => ({ scale: 1 / Math.sqrt(headSize), window: null }));
}

/** A causal model's measures, under the names of the papers. */
export interface DecoderConfig extends ModelShape {
  readonly architecture: DecoderFamilyName;
  readonly heads: number;
  /** Fewer where heads share keys and values. */
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly normEpsilon: number;
  readonly nonlinearity: Nonlinearity;
  /** Whether the feed-forward network has a gate. */
  readonly gated: boolean;
  /** Whether the vocabulary matrix is the word embeddings. */
  readonly tiedEmbeddings: boolean;
  /** Of each layer. */
  readonly attention: readonly LayerAttention[];
  /** How queries and keys are turned by their positions; undefined where positions have embeddings. */
  readonly rotary?: Rotary;
  /** Word embeddings are multiplied by it; default: 1. */
  readonly embeddingScale?: number;
  /** The vocabulary's scores stay within it, plus and minus. */
  readonly vocabularyCap?: number | undefined;
  /** Whether a layer's network takes in what its attention takes in, and both are added at once. */
  readonly parallelResidual?: boolean;
  /** Whether attention's maps have biases, where that is not the same for the whole family. */
  readonly attentionBias?: boolean;
  /** The same of the network's. */
  readonly networkBias?: boolean;
}

/** How many numbers the weights are, biases and norms in passing. */
export function countDecoderParameters(config: DecoderConfig): number {
  const { hiddenSize: h, intermediateSize: f, layers, vocabularySize, maxTokens, tiedEmbeddings } = config;
  const { heads, keyValueHeads, headSize, gated, rotary } = config;
  const attention = 2 * h * (heads + keyValueHeads) * headSize + 4 * h;
  const layer = attention + (gated ? 3 : 2) * h * f + f + h + 4 * h;
  return (
    vocabularySize * h * (tiedEmbeddings ? 1 : 2) + (rotary ? 0 : maxTokens * h) + layers * layer + 2 * h
  );
}
