import type { WeightReader } from '../checkpoint/weight-reader.js';
import type { NormWeights } from '../layers/norm.js';
import type { DecoderConfig } from './config.js';
import type { DecoderLayerWeights, DecoderWeights } from './weights.js';

/** What a family calls the parts that all have. */
export interface DecoderNames {
  /** Of word embeddings. */
  readonly words: string;
  /** Of layers, before their number. */
  readonly layers: string;
  readonly finalNorm: string;
  /** Of the vocabulary matrix, where it is not the embeddings. */
  readonly head: string;
}

/**
 * A whole model without position embeddings and without a bias of its head.
 * @param readNorm the last one, by its name
 * @param readLayer one layer, whose names begin with `at`
 */
export async function readDecoder(
  reader: WeightReader,
  config: DecoderConfig,
  { words, layers: before, finalNorm, head }: DecoderNames,
  readNorm: (name: string) => Promise<NormWeights>,
  readLayer: (at: string) => Promise<DecoderLayerWeights>,
): Promise<DecoderWeights> {
  const { wordEmbeddings, embeddings } = await reader.vocabulary(`${words}.weight`, `${head}.weight`, config);
  reader.checkLayers(`${before}.`, config.layers);
  const layers: DecoderLayerWeights[] = [];
  for (let layer = 0; layer < config.layers; layer++) layers.push(await readLayer(`${before}.${layer}`));
  return {
    wordEmbeddings,
    positionEmbeddings: undefined,
    layers,
    finalNorm: await readNorm(finalNorm),
    vocabulary: { embeddings, bias: undefined, cap: config.vocabularyCap },
  };
}
