import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type TensorToWrite,
  type WeightType,
  writeSafetensors,
} from '../../src/model/checkpoint/write-safetensors.js';
import { normal } from '../random.js';

/** bert-base-uncased's config.json, the part that decides shapes. */
export const BERT_BASE = {
  model_type: 'bert',
  hidden_size: 768,
  intermediate_size: 3072,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  vocab_size: 30522,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  hidden_act: 'gelu',
};

/** gpt2's config.json, the part that decides shapes. */
export const GPT2 = {
  model_type: 'gpt2',
  n_embd: 768,
  n_layer: 12,
  n_head: 12,
  n_positions: 1024,
  vocab_size: 50257,
};

/** A Llama of gpt2's size: its network has a gate, and is narrower for it. */
export const LLAMA = {
  model_type: 'llama',
  hidden_size: 768,
  intermediate_size: 2048,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  num_key_value_heads: 4,
  vocab_size: 50257,
  max_position_embeddings: 1024,
  tie_word_embeddings: true,
};

/** Llama-3.2-1B's config.json, the part that decides shapes and positions. */
export const LLAMA_1B: typeof LLAMA & { rope_theta: number; rope_scaling: object } = {
  model_type: 'llama',
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 128_256,
  max_position_embeddings: 131_072,
  tie_word_embeddings: true,
  rope_theta: 500_000,
  rope_scaling: {
    rope_type: 'llama3',
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  },
};

/** Writes a BERT checkpoint with random weights: config.json and model.safetensors, F32. */
export async function writeRandomBert(folder: string, config: typeof BERT_BASE): Promise<void> {
  const { hidden_size: h, intermediate_size: f, vocab_size: v } = config;
  const weights = new RandomWeights();
  const linear = (name: string, out: number, input: number) => weights.affine(name, [out, input], out);
  weights.random('bert.embeddings.word_embeddings.weight', [v, h]);
  weights.random('bert.embeddings.position_embeddings.weight', [config.max_position_embeddings, h]);
  weights.random('bert.embeddings.token_type_embeddings.weight', [config.type_vocab_size, h]);
  weights.norm('bert.embeddings.LayerNorm', h);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = `bert.encoder.layer.${layer}`;
    for (const part of ['query', 'key', 'value']) linear(`${at}.attention.self.${part}`, h, h);
    linear(`${at}.attention.output.dense`, h, h);
    weights.norm(`${at}.attention.output.LayerNorm`, h);
    linear(`${at}.intermediate.dense`, f, h);
    linear(`${at}.output.dense`, h, f);
    weights.norm(`${at}.output.LayerNorm`, h);
  }
  linear('cls.predictions.transform.dense', h, h);
  weights.norm('cls.predictions.transform.LayerNorm', h);
  weights.random('cls.predictions.bias', [v]);
  await weights.write(folder, config);
}

/** The same of a GPT-2. */
export async function writeRandomGpt2(folder: string, config: typeof GPT2): Promise<void> {
  const h = config.n_embd;
  const weights = new RandomWeights();
  const convolution = (name: string, input: number, out: number) => weights.affine(name, [input, out], out);
  weights.random('wte.weight', [config.vocab_size, h]);
  weights.random('wpe.weight', [config.n_positions, h]);
  for (let layer = 0; layer < config.n_layer; layer++) {
    const at = `h.${layer}`;
    weights.norm(`${at}.ln_1`, h);
    convolution(`${at}.attn.c_attn`, h, 3 * h);
    convolution(`${at}.attn.c_proj`, h, h);
    weights.norm(`${at}.ln_2`, h);
    convolution(`${at}.mlp.c_fc`, h, 4 * h);
    convolution(`${at}.mlp.c_proj`, 4 * h, h);
  }
  weights.norm('ln_f', h);
  await weights.write(folder, config);
}

/** The same of a Llama. */
export async function writeRandomLlama(
  folder: string,
  config: typeof LLAMA,
  type: WeightType = 'F32',
): Promise<void> {
  const { hidden_size: h, intermediate_size: f } = config;
  const keysOrValues = (h / config.num_attention_heads) * config.num_key_value_heads;
  const weights = new RandomWeights(type);
  weights.random('model.embed_tokens.weight', [config.vocab_size, h]);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = `model.layers.${layer}`;
    weights.ones(`${at}.input_layernorm.weight`, h);
    weights.random(`${at}.self_attn.q_proj.weight`, [h, h]);
    for (const part of ['k', 'v']) weights.random(`${at}.self_attn.${part}_proj.weight`, [keysOrValues, h]);
    weights.random(`${at}.self_attn.o_proj.weight`, [h, h]);
    weights.ones(`${at}.post_attention_layernorm.weight`, h);
    for (const part of ['gate', 'up']) weights.random(`${at}.mlp.${part}_proj.weight`, [f, h]);
    weights.random(`${at}.mlp.down_proj.weight`, [h, f]);
  }
  weights.ones('model.norm.weight', h);
  await weights.write(folder, config);
}

/** So many numbers are drawn at the most; more are these again. */
const MOST_DRAWN = 2 ** 24;

/** Tensors of a checkpoint to be, each drawn when it is written. */
class RandomWeights {
  private readonly tensors: TensorToWrite[] = [];

  constructor(private readonly dtype: WeightType = 'F32') {}

  random(name: string, shape: number[]): void {
    const seed = this.tensors.length + 1;
    const size = shape.reduce((product, n) => product * n, 1);
    this.add(name, shape, () => {
      const drawn = normal(Math.min(size, MOST_DRAWN), seed, 0.02); // initializer_range of all
      return size === drawn.length ? drawn : repeated(drawn, size);
    });
  }

  affine(name: string, shape: number[], out: number): void {
    this.random(`${name}.weight`, shape);
    this.random(`${name}.bias`, [out]);
  }

  ones(name: string, width: number): void {
    this.add(name, [width], () => new Float32Array(width).fill(1));
  }

  norm(name: string, width: number): void {
    this.ones(`${name}.weight`, width);
    this.add(`${name}.bias`, [width], () => new Float32Array(width));
  }

  async write(folder: string, config: object): Promise<void> {
    mkdirSync(folder, { recursive: true });
    await writeSafetensors(join(folder, 'model.safetensors'), this.tensors);
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config, null, 2));
  }

  private add(name: string, shape: number[], values: () => Float32Array): void {
    this.tensors.push({ name, shape, dtype: this.dtype, values });
  }
}

function repeated(values: Float32Array, size: number): Float32Array {
  const out = new Float32Array(size);
  for (let from = 0; from < size; from += values.length) out.set(values.subarray(0, size - from), from);
  return out;
}
