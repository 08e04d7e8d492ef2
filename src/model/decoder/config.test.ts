/** What a config.json may say of each family: what kn does not compute is refused, and what is missing is what Python's class takes. */
import { describe, expect, it } from 'vitest';
import { RANDOM_DECODERS } from '../../testing/random-decoders/random-decoders.js';
import { parseModelConfig } from '../config.js';
import { isEncoder } from '../encoder/config.js';
import type { DecoderConfig } from './config.js';

/** The first random model's of a family, changed; a key that becomes undefined is missing. */
function jsonOf(family: string, changes: object): object {
  const [found] = Object.values(RANDOM_DECODERS).filter(({ config }) => config.model_type === family);
  return JSON.parse(JSON.stringify({ ...found.config, ...changes }));
}

function parse(family: string, changes: object): DecoderConfig {
  const config = parseModelConfig(jsonOf(family, changes), 'config.json');
  if (isEncoder(config)) throw new Error('no decoder');
  return config;
}

describe('a config.json is refused', () => {
  it.each([
    ['gpt2', { n_head: 5 }, '24 hidden values cannot be divided among 5 attention heads'],
    ['gpt2', { activation_function: 'prelu' }, '"activation_function" is prelu; kn computes gelu'],
    ['gpt_neo', { attention_types: [[['global'], 2]] }, '"attention_types" names 2 layers'],
    ['gpt_neo', { attention_types: [[['banded'], 3]] }, '"attention_types.0.0.0":'],
    ['gpt_neo', { attention_layers: ['global'] }, '"attention_layers" names 1 layers, and "num_layers" is 3'],
    ['gptj', { rotary_dim: 5 }, '"rotary_dim" is 5, no even part of 8 columns of a head'],
    ['gptj', { rotary_dim: 10 }, '"rotary_dim" is 10, no even part of 8 columns of a head'],
    ['gptj', { rotary_dim: null }, '"rotary_dim":'],
    // Nothing is made of what a damaged file asks for before it is checked.
    ['gpt_neo', { attention_types: [[['global'], 1e15]] }, '"attention_types" names 1000000000000000 layers'],
    ['gptj', { n_embd: 3 * 2 ** 38, rotary_dim: 2 ** 31 }, 'heads of 2147483648 columns, and kn turns 65536'],
    ['llama', { head_dim: 1e9 }, 'heads of 1000000000 columns, and kn turns 65536 at the most'],
    ['gpt_neox', { hidden_size: 4e12, num_attention_heads: 4 }, 'heads of 1000000000000 columns'],
    ['gptj', { n_head: 5 }, '24 hidden values cannot be divided among 5 attention heads'],
    ['gpt_neox', { num_attention_heads: 5 }, '24 hidden values cannot be divided among 5 attention heads'],
    ['gpt_neox', { head_dim: 4 }, '"head_dim" is 4; kn computes 6 alone'],
    ['gpt_neox', { rotary_pct: 0.1 }, '"partial_rotary_factor" turns 0 of 6 columns of a head'],
    ['gpt_neox', { rotary_pct: 2 }, '"partial_rotary_factor":'],
    ['gpt_neox', { hidden_act: 'prelu' }, '"hidden_act" is prelu'],
    ['gpt_neox', { rope_scaling: { type: 'dynamic', factor: 2 } }, '"rope_scaling" is of the type "dynamic"'],
    ['gpt_neox', { use_parallel_residual: 1 }, '"use_parallel_residual":'],
    ['opt', { do_layer_norm_before: false }, '"do_layer_norm_before" is false; kn computes true alone'],
    ['opt', { word_embed_proj_dim: 12 }, '"word_embed_proj_dim" is 12; kn computes 24 alone'],
    ['opt', { enable_bias: false }, '"enable_bias" is false; kn computes true alone'],
    ['opt', { layer_norm_elementwise_affine: false }, '"layer_norm_elementwise_affine" is false'],
    [
      'opt',
      { _remove_final_layer_norm: true },
      '"_remove_final_layer_norm" is true; kn computes false alone',
    ],
    ['opt', { activation_function: 'prelu' }, '"activation_function" is prelu'],
    ['qwen2', { layer_types: ['full_attention'] }, '"layer_types" has undefined for layer 1'],
    ['qwen3', { use_sliding_window: false }, '"layer_types" has "sliding_attention" for layer 1'],
    [
      'gemma2',
      { use_bidirectional_attention: true },
      '"use_bidirectional_attention" is true; kn computes false',
    ],
    ['gemma2', { hidden_activation: 'prelu' }, '"hidden_activation" is prelu'],
    ['gemma2', { attn_logit_softcapping: 0 }, '"attn_logit_softcapping":'],
    ['gemma2', { final_logit_softcapping: -1 }, '"final_logit_softcapping":'],
    ['gemma2', { query_pre_attn_scalar: 0 }, '"query_pre_attn_scalar":'],
    ['gemma2', { layer_types: Array(3).fill('chunked_attention') }, 'has "chunked_attention" for layer 0'],
    ['gemma2', { num_key_value_heads: 4 }, '6 attention heads cannot share 4 heads of keys and values'],
  ])('%s: %o', (family, changes, message) => {
    expect(() => parse(family, changes)).toThrow(message);
    // It says what to do, too.
    expect(() => parse(family, changes)).toThrow(
      expect.objectContaining({ remedy: expect.stringMatching(/./) }),
    );
  });
});

describe('a key that config.json does not have', () => {
  // configuration_*.py in transformers 5.18.
  it.each<[string, object, Partial<DecoderConfig>]>([
    ['gpt2', { activation_function: undefined }, { nonlinearity: 'gelu_new' }],
    ['gpt2', { n_inner: undefined }, { intermediateSize: 96 }],
    ['gpt2', { n_inner: null }, { intermediateSize: 96 }],
    ['gpt2', { layer_norm_epsilon: undefined }, { normEpsilon: 1e-5 }],
    ['gpt2', { tie_word_embeddings: undefined }, { tiedEmbeddings: true }],
    ['gpt_neo', { activation_function: undefined }, { nonlinearity: 'gelu_new' }],
    ['gpt_neo', { tie_word_embeddings: undefined }, { tiedEmbeddings: true }],
    ['gptj', { tie_word_embeddings: undefined }, { tiedEmbeddings: false }],
    ['gptj', { n_positions: undefined }, { maxTokens: 2048 }],
    ['gpt_neox', { use_parallel_residual: undefined }, { parallelResidual: true }],
    ['gpt_neox', { attention_bias: undefined }, { attentionBias: true }],
    ['gpt_neox', { tie_word_embeddings: undefined }, { tiedEmbeddings: false }],
    ['gpt_neox', { hidden_act: undefined }, { nonlinearity: 'gelu', normEpsilon: 1e-5 }],
    [
      'gpt_neox',
      { rotary_pct: undefined, num_attention_heads: 3 },
      { rotary: { size: 2, frequencies: [1] } },
    ],
    ['opt', { activation_function: undefined }, { nonlinearity: 'relu' }],
    ['opt', { tie_word_embeddings: undefined }, { tiedEmbeddings: true, normEpsilon: 1e-5 }],
    ['llama', { num_key_value_heads: undefined }, { keyValueHeads: 6 }],
    ['llama', { head_dim: undefined }, { headSize: 4, normEpsilon: 1e-6 }],
    ['llama', { tie_word_embeddings: undefined }, { tiedEmbeddings: false, nonlinearity: 'silu' }],
    ['mistral', { num_key_value_heads: undefined, num_attention_heads: 16 }, { keyValueHeads: 8 }],
    ['mistral', { tie_word_embeddings: undefined }, { tiedEmbeddings: false }],
    [
      'qwen2',
      { num_key_value_heads: undefined, num_attention_heads: 64, hidden_size: 640 },
      { keyValueHeads: 32 },
    ],
    ['qwen3', { head_dim: undefined }, { headSize: 128 }],
    ['gemma2', { head_dim: undefined }, { headSize: 256, nonlinearity: 'gelu_new' }],
    ['gemma2', { num_key_value_heads: undefined, num_attention_heads: 8 }, { keyValueHeads: 4 }],
    ['gemma2', { tie_word_embeddings: undefined }, { tiedEmbeddings: true }],
    ['gemma2', { final_logit_softcapping: undefined }, { vocabularyCap: 30 }],
    ['gemma2', { final_logit_softcapping: null }, { vocabularyCap: undefined }],
  ])("is what Python's class takes: %s, %o", (family, changes, expected) => {
    expect(parse(family, changes)).toMatchObject(expected);
  });

  it.each([
    ['llama', true, true],
    ['mistral', false, false],
    ['qwen2', false, false],
    ['qwen3', true, false],
    ['gemma2', true, false],
  ])("has biases where the family's class asks for them: %s", (family, attentionBias, networkBias) => {
    expect(parse(family, { attention_bias: true, mlp_bias: true })).toMatchObject({
      attentionBias,
      networkBias,
    });
  });

  it('leaves the scores of Gemma 2 scaled by the root of 256 and within 50, its first layer and each other with a window', () => {
    const missing = {
      query_pre_attn_scalar: undefined,
      attn_logit_softcapping: undefined,
      layer_types: undefined,
    };
    const { attention, embeddingScale } = parse('gemma2', { ...missing, sliding_window: undefined });
    expect(attention).toEqual([4096, null, 4096].map(window => ({ scale: 1 / 16, window, cap: 50 })));
    expect(embeddingScale).toBe(Math.sqrt(24));
  });

  it('leaves the layers of GPT-Neo to "attention_types", which "attention_layers" comes before', () => {
    const windows = (changes: object) => parse('gpt_neo', changes).attention.map(({ window }) => window);
    expect(windows({})).toEqual([3, null, 3]);
    expect(windows({ window_size: undefined })).toEqual([256, null, 256]);
    expect(windows({ attention_layers: ['global', 'global', 'local'] })).toEqual([null, null, 3]);
  });

  it('leaves the windows of Qwen to its last layers, from the 28th on', () => {
    const missing = { max_window_layers: undefined, num_hidden_layers: 30 };
    const windows = parse('qwen2', missing).attention.map(({ window }) => window);
    expect(windows).toEqual([...Array(28).fill(null), 3, 3]);
    const { attention } = parse('qwen2', { sliding_window: undefined });
    expect(attention.map(({ window }) => window)).toEqual([null, 4096, 4096]);
  });
});
