/** Random models whose networks have no gate. */
import {
  both,
  convolution,
  GPT_SIZES,
  HIDDEN,
  INTERMEDIATE,
  LAYERS,
  norm,
  ofLayers,
  POSITIONS,
  RANDOM_VOCABULARY,
  type RandomDecoder,
  SIZES,
  WORDS,
  weight,
} from './shapes.js';

export const gpt2: RandomDecoder = {
  config: {
    model_type: 'gpt2',
    ...GPT_SIZES,
    ...{ n_head: 3, n_inner: INTERMEDIATE, activation_function: 'gelu', layer_norm_epsilon: 1e-3 },
    ...{ scale_attn_by_inverse_layer_idx: true, tie_word_embeddings: false },
  },
  shapes: {
    ...weight('transformer.wte', ...WORDS),
    ...weight('transformer.wpe', POSITIONS, HIDDEN),
    ...ofLayers(layer => ({
      ...norm(`transformer.h.${layer}.ln_1`),
      ...norm(`transformer.h.${layer}.ln_2`),
      ...convolution(`transformer.h.${layer}.attn.c_attn`, HIDDEN, 3 * HIDDEN),
      ...convolution(`transformer.h.${layer}.attn.c_proj`, HIDDEN, HIDDEN),
      ...convolution(`transformer.h.${layer}.mlp.c_fc`, HIDDEN, INTERMEDIATE),
      ...convolution(`transformer.h.${layer}.mlp.c_proj`, INTERMEDIATE, HIDDEN),
    })),
    ...norm('transformer.ln_f'),
    ...weight('lm_head', ...WORDS),
  },
};

export const gptNeo: RandomDecoder = {
  config: {
    ...{ model_type: 'gpt_neo', hidden_size: HIDDEN, num_layers: LAYERS, num_heads: 6, window_size: 3 },
    ...{ max_position_embeddings: POSITIONS, vocab_size: RANDOM_VOCABULARY, activation_function: 'relu' },
    attention_types: [
      [['local'], 1],
      [['global', 'local'], 1],
    ],
    tie_word_embeddings: false,
  },
  shapes: {
    ...weight('transformer.wte', ...WORDS),
    ...weight('transformer.wpe', POSITIONS, HIDDEN),
    ...ofLayers(layer => ({
      ...norm(`transformer.h.${layer}.ln_1`),
      ...norm(`transformer.h.${layer}.ln_2`),
      ...weight(`transformer.h.${layer}.attn.attention.q_proj`, HIDDEN, HIDDEN),
      ...weight(`transformer.h.${layer}.attn.attention.k_proj`, HIDDEN, HIDDEN),
      ...weight(`transformer.h.${layer}.attn.attention.v_proj`, HIDDEN, HIDDEN),
      ...both(`transformer.h.${layer}.attn.attention.out_proj`, HIDDEN, HIDDEN),
      // No "intermediate_size": four times as wide.
      ...both(`transformer.h.${layer}.mlp.c_fc`, 4 * HIDDEN, HIDDEN),
      ...both(`transformer.h.${layer}.mlp.c_proj`, HIDDEN, 4 * HIDDEN),
    })),
    ...norm('transformer.ln_f'),
    ...weight('lm_head', ...WORDS),
  },
};

export const gptj: RandomDecoder = {
  config: {
    ...{ model_type: 'gptj', ...GPT_SIZES, n_head: 3, n_inner: INTERMEDIATE, rotary_dim: 6 },
    tie_word_embeddings: true,
  },
  shapes: {
    ...weight('transformer.wte', ...WORDS),
    ...ofLayers(layer => ({
      ...norm(`transformer.h.${layer}.ln_1`),
      ...weight(`transformer.h.${layer}.attn.q_proj`, HIDDEN, HIDDEN),
      ...weight(`transformer.h.${layer}.attn.k_proj`, HIDDEN, HIDDEN),
      ...weight(`transformer.h.${layer}.attn.v_proj`, HIDDEN, HIDDEN),
      ...weight(`transformer.h.${layer}.attn.out_proj`, HIDDEN, HIDDEN),
      ...both(`transformer.h.${layer}.mlp.fc_in`, INTERMEDIATE, HIDDEN),
      ...both(`transformer.h.${layer}.mlp.fc_out`, HIDDEN, INTERMEDIATE),
    })),
    ...norm('transformer.ln_f'),
    'lm_head.bias': [RANDOM_VOCABULARY],
  },
};

/** @param isBiased whether attention's maps have biases */
export function gptNeox(config: object, isBiased: boolean, isTied: boolean): RandomDecoder {
  const map = isBiased ? both : weight;
  return {
    config: {
      ...{ model_type: 'gpt_neox', ...SIZES, attention_bias: isBiased, tie_word_embeddings: isTied },
      ...config,
    },
    shapes: {
      ...weight('gpt_neox.embed_in', ...WORDS),
      ...ofLayers(layer => ({
        ...norm(`gpt_neox.layers.${layer}.input_layernorm`),
        ...norm(`gpt_neox.layers.${layer}.post_attention_layernorm`),
        ...map(`gpt_neox.layers.${layer}.attention.query_key_value`, 3 * HIDDEN, HIDDEN),
        ...map(`gpt_neox.layers.${layer}.attention.dense`, HIDDEN, HIDDEN),
        ...both(`gpt_neox.layers.${layer}.mlp.dense_h_to_4h`, INTERMEDIATE, HIDDEN),
        ...both(`gpt_neox.layers.${layer}.mlp.dense_4h_to_h`, HIDDEN, INTERMEDIATE),
      })),
      ...norm('gpt_neox.final_layer_norm'),
      ...(isTied ? {} : weight('embed_out', ...WORDS)),
    },
  };
}

export const opt: RandomDecoder = {
  config: {
    ...{ model_type: 'opt', hidden_size: HIDDEN, ffn_dim: INTERMEDIATE, num_hidden_layers: LAYERS },
    ...{ num_attention_heads: 3, max_position_embeddings: POSITIONS, vocab_size: RANDOM_VOCABULARY },
    ...{ activation_function: 'gelu', tie_word_embeddings: false },
  },
  shapes: {
    ...weight('model.decoder.embed_tokens', ...WORDS),
    ...weight('model.decoder.embed_positions', POSITIONS + 2, HIDDEN),
    ...ofLayers(layer => ({
      ...norm(`model.decoder.layers.${layer}.self_attn_layer_norm`),
      ...both(`model.decoder.layers.${layer}.self_attn.q_proj`, HIDDEN, HIDDEN),
      ...both(`model.decoder.layers.${layer}.self_attn.k_proj`, HIDDEN, HIDDEN),
      ...both(`model.decoder.layers.${layer}.self_attn.v_proj`, HIDDEN, HIDDEN),
      ...both(`model.decoder.layers.${layer}.self_attn.out_proj`, HIDDEN, HIDDEN),
      ...norm(`model.decoder.layers.${layer}.final_layer_norm`),
      ...both(`model.decoder.layers.${layer}.fc1`, INTERMEDIATE, HIDDEN),
      ...both(`model.decoder.layers.${layer}.fc2`, HIDDEN, INTERMEDIATE),
    })),
    ...norm('model.decoder.final_layer_norm'),
    ...weight('lm_head', ...WORDS),
  },
};
