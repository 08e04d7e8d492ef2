/**
 * Causal models of every family with random weights, of other shapes and options than the golden files' models have: what
 * a config.json may say and those do not. They have no tokenizer.
 */
import { gated } from './gated.js';
import type { RandomDecoder } from './shapes.js';
import { gpt2, gptj, gptNeo, gptNeox, opt } from './ungated.js';

const [FULL, SLIDING] = ['full_attention', 'sliding_attention'];
const SHARED_HEADS = { heads: 6, keyValueHeads: 2, headSize: 10 };

/** By what they are; heads of the Llama-like are wider together than the hidden row, unless their names say otherwise. */
export const RANDOM_DECODERS: Readonly<Record<string, RandomDecoder>> = {
  'gpt2, untied, scores scaled by the layer': gpt2,
  'gpt_neo, untied, local layers first': gptNeo,
  'gptj, tied, 6 columns of 8 turned': gptj,
  'gpt_neox, sequential, without biases of attention, tied': gptNeox(
    // 3 of 6 columns: an odd number, whose last pair takes in a fourth.
    { num_attention_heads: 4, use_parallel_residual: false, rotary_pct: 0.5, rotary_emb_base: 100 },
    false,
    true,
  ),
  'gpt_neox, parallel, all columns turned, slower': gptNeox(
    {
      ...{ num_attention_heads: 3, rotary_pct: 1, hidden_act: 'gelu_new' },
      rope_scaling: { type: 'linear', factor: 4 },
    },
    true,
    false,
  ),
  'opt, untied': opt,
  'llama, untied, linear rope': gated(
    'llama',
    { rope_theta: 500, rope_scaling: { type: 'linear', factor: 2.5 } },
    { ...SHARED_HEADS, isTied: false },
  ),
  'llama, tied, rope of Llama 3.1': gated(
    'llama',
    {
      rope_parameters: {
        ...{ rope_type: 'llama3', rope_theta: 50, factor: 8, low_freq_factor: 0.5, high_freq_factor: 2 },
        original_max_position_embeddings: 14,
      },
    },
    { heads: 4, keyValueHeads: 1, headSize: 6, isTied: true },
  ),
  'llama, tied, all biases': gated(
    'llama',
    { attention_bias: true, mlp_bias: true },
    { heads: 4, keyValueHeads: 2, headSize: 6, isTied: true, areAllBiased: true },
  ),
  'mistral, tied, a window of 3': gated('mistral', { sliding_window: 3 }, { ...SHARED_HEADS, isTied: true }),
  'qwen2, untied, a window in its last layers': gated(
    'qwen2',
    { use_sliding_window: true, sliding_window: 3, max_window_layers: 1 },
    { heads: 6, keyValueHeads: 3, headSize: 4, isTied: false, isBiased: true },
  ),
  'qwen3, tied, a window in its middle layer': gated(
    'qwen3',
    { use_sliding_window: true, sliding_window: 2, layer_types: [FULL, SLIDING, FULL] },
    { ...SHARED_HEADS, isTied: true, areHeadsNormed: true },
  ),
  'gemma2, untied, low caps, windows in its last layers': gated(
    'gemma2',
    {
      ...{ query_pre_attn_scalar: 7, attn_logit_softcapping: 2.5, final_logit_softcapping: 4.5 },
      ...{ sliding_window: 3, layer_types: [FULL, SLIDING, SLIDING] },
    },
    { ...SHARED_HEADS, isTied: false, hasEndNorms: true },
  ),
};
