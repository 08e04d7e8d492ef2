import type { ModelShape } from '../language-model.js';
import type { Nonlinearity } from '../layers/nonlinearity.js';

/** The `model_type` of the families that kn computes. */
export const ENCODER_FAMILIES = ['bert', 'roberta', 'xlm-roberta', 'distilbert'] as const;
export type EncoderFamilyName = (typeof ENCODER_FAMILIES)[number];

/** A masked model's measures, under the names of the papers. */
export interface EncoderConfig extends ModelShape {
  readonly architecture: EncoderFamilyName;
  readonly heads: number;
  /** 0 where tokens have no types. */
  readonly tokenTypes: number;
  /** Rows of the table of positions. */
  readonly positions: number;
  /** Where positions are counted from the padding token's id on (encoder/positions.ts), that id. */
  readonly paddingId?: number;
  readonly layerNormEpsilon: number;
  readonly nonlinearity: Nonlinearity;
  /** Of the head, before its vocabulary matrix. */
  readonly headNonlinearity: Nonlinearity;
  /** Whether the vocabulary matrix of the head is the word embeddings. */
  readonly tiedEmbeddings: boolean;
}

/** Whether a model is a masked one, and no causal one. */
export function isEncoder<Other extends { readonly architecture: string }>(
  config: EncoderConfig | Other,
): config is EncoderConfig {
  return ENCODER_FAMILIES.some(name => name === config.architecture);
}

/** How many numbers the weights are. */
export function countEncoderParameters(config: EncoderConfig): number {
  const {
    hiddenSize: h,
    intermediateSize: f,
    layers,
    vocabularySize,
    positions,
    tokenTypes,
    tiedEmbeddings,
  } = config;
  const layer = 4 * (h * h + h) + 2 * h * f + f + h + 4 * h;
  const vocabulary = vocabularySize * h * (tiedEmbeddings ? 1 : 2) + vocabularySize;
  return vocabulary + (positions + tokenTypes) * h + layers * layer + h * h + 5 * h;
}
