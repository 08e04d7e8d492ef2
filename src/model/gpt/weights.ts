import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { ValueTensor } from '../checkpoint/value-tensor.js';
import { WeightReader } from '../checkpoint/weight-reader.js';
import type { FeedForwardWeights } from '../layers/feed-forward.js';
import type { LayerNormWeights } from '../layers/layer-norm.js';
import type { LinearWeights } from '../layers/linear.js';
import type { TransformerWeights } from '../transformer.js';
import type { GptConfig } from './config.js';

export type GptLayerWeights = {
  readonly attentionNorm: LayerNormWeights;
  /** Queries, keys and values side by side, [hidden, 3 hidden], as GPT-2 stores them. */
  readonly attentionInput: LinearWeights;
  readonly attentionOutput: LinearWeights;
  readonly feedForwardNorm: LayerNormWeights;
  readonly feedForward: FeedForwardWeights;
};

export type GptWeights = TransformerWeights<GptLayerWeights> & { readonly finalNorm: LayerNormWeights };

/**
 * Reads a GPT2LMHeadModel or GPTNeoForCausalLM checkpoint onto the running engine.
 * @throws UserError, naming the tensor, where one is missing or has another shape
 */
export function loadGptWeights(checkpoint: Checkpoint, config: GptConfig): Promise<GptWeights> {
  return WeightReader.readAll(checkpoint, reader => readWeights(reader, config));
}

/**
 * Where a checkpoint has the values of a layer's neurons: in GPT-2 [intermediate, hidden], a row a neuron, in GPT-Neo
 * [hidden, intermediate], a column a neuron.
 */
export function gptValues(checkpoint: Checkpoint, config: GptConfig, layer: number): ValueTensor {
  const { architecture, hiddenSize, intermediateSize } = config;
  const name = `${prefixOf(checkpoint)}h.${layer}.mlp.c_proj.weight`;
  return architecture === 'gpt2'
    ? { name, shape: [intermediateSize, hiddenSize], neuronIs: 'row' }
    : { name, shape: [hiddenSize, intermediateSize], neuronIs: 'column' };
}

/** The hub's "gpt2" was saved from GPT2Model, without the prefix. */
function prefixOf(checkpoint: Pick<Checkpoint, 'has'>): string {
  return checkpoint.has('wte.weight') ? '' : 'transformer.';
}

async function readWeights(reader: WeightReader, config: GptConfig): Promise<GptWeights> {
  const { hiddenSize: hidden, vocabularySize: vocabulary } = config;
  const prefix = prefixOf(reader);
  const norm = (name: string) => reader.norm(name, hidden, config.layerNormEpsilon);
  const readLayer = config.architecture === 'gpt2' ? readGpt2Layer : readGptNeoLayer;

  const wordEmbeddings = await reader.matrix(`${prefix}wte.weight`, vocabulary, hidden);
  const positionEmbeddings = await reader.matrix(`${prefix}wpe.weight`, config.maxTokens, hidden);
  reader.checkLayers(`${prefix}h.`, config.layers);
  const layers: GptLayerWeights[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `${prefix}h.${layer}`;
    layers.push({
      attentionNorm: await norm(`${at}.ln_1`),
      ...(await readLayer(reader, at, config)),
      feedForwardNorm: await norm(`${at}.ln_2`),
    });
  }
  const embeddings = config.tiedEmbeddings
    ? wordEmbeddings
    : await reader.matrix('lm_head.weight', vocabulary, hidden);
  return {
    wordEmbeddings,
    positionEmbeddings,
    layers,
    finalNorm: await norm(`${prefix}ln_f`),
    vocabulary: { embeddings, bias: undefined },
  };
}

type Products = Omit<GptLayerWeights, 'attentionNorm' | 'feedForwardNorm'>;

async function readGpt2Layer(reader: WeightReader, at: string, config: GptConfig): Promise<Products> {
  const { hiddenSize: hidden, intermediateSize: intermediate } = config;
  const attentionInput = await reader.convolutionEitherWay(`${at}.attn.c_attn`, hidden, 3 * hidden);
  const attentionOutput = await reader.convolution(`${at}.attn.c_proj`, hidden, hidden);
  const first = await reader.convolutionEitherWay(`${at}.mlp.c_fc`, hidden, intermediate);
  const second = await reader.convolution(`${at}.mlp.c_proj`, intermediate, hidden);
  const feedForward = { intermediate: first, output: second, nonlinearity: config.nonlinearity };
  return { attentionInput, attentionOutput, feedForward };
}

async function readGptNeoLayer(reader: WeightReader, at: string, config: GptConfig): Promise<Products> {
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
