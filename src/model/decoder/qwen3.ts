import type { DecoderFamily } from './family.js';
import { llamaLike } from './llama-like.js';
import { qwenDefaults, qwenWindow } from './qwen2.js';

/** Qwen3 (Yang et al., 2025, https://arxiv.org/abs/2505.09388): queries and keys normalised head by head, no biases. */
export const qwen3: DecoderFamily = llamaLike({
  name: 'qwen3',
  defaults: { ...qwenDefaults, head_dim: 128 },
  biasKeys: ['attention_bias'],
  headNorms: true,
  windowOf: qwenWindow,
});
