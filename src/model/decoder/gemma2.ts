/** Gemma 2 (Gemma Team, 2024, https://arxiv.org/abs/2408.00118), after `Gemma2ForCausalLM` in huggingface/transformers. */
import { z } from 'zod';
import { demand, nonlinearityOf, parseFields } from '../config-fields.js';
import type { DecoderFamily } from './family.js';
import { llamaLike } from './llama-like.js';

const schema = z.object({
  hidden_activation: z.string().default('gelu_pytorch_tanh'),
  query_pre_attn_scalar: z.number().positive().default(256),
  attn_logit_softcapping: z.number().positive().nullable().default(50),
  final_logit_softcapping: z.number().positive().nullable().default(30),
  use_bidirectional_attention: z.boolean().nullish(),
});

const like = llamaLike({
  name: 'gemma2',
  defaults: {
    head_dim: 256,
    num_key_value_heads: 4,
    max_position_embeddings: 8192,
    sliding_window: 4096,
    tie_word_embeddings: true,
  },
  biasKeys: ['attention_bias'],
  endNorms: true,
  normOffset: 1,
  // Every other layer, the first among them.
  windowOf: ({ sliding_window, layer_types }, layer) => {
    const slides = layer_types ? layer_types[layer] === 'sliding_attention' : layer % 2 === 0;
    return slides ? (sliding_window ?? null) : null;
  },
});

/** Norms around each sublayer, windows in turn, capped scores, embeddings multiplied by the root of their width. */
export const gemma2: DecoderFamily = {
  ...like,
  parseConfig: (json, path) => {
    const { attention, ...config } = like.parseConfig(json, path);
    const own = parseFields(schema, json, path);
    demand(path, 'use_bidirectional_attention', own.use_bidirectional_attention ?? false, false);
    return {
      ...config,
      nonlinearity: nonlinearityOf('hidden_activation', own.hidden_activation, path),
      embeddingScale: Math.sqrt(config.hiddenSize),
      vocabularyCap: own.final_logit_softcapping ?? undefined,
      attention: attention.map(({ window }) => ({
        scale: 1 / Math.sqrt(own.query_pre_attn_scalar),
        window,
        cap: own.attn_logit_softcapping ?? undefined,
      })),
    };
  },
};
