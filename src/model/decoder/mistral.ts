import type { DecoderFamily } from './family.js';
import { llamaLike } from './llama-like.js';

/** Mistral (Jiang et al., 2023, https://arxiv.org/abs/2310.06825): a window in every layer, unless it is null. */
export const mistral: DecoderFamily = llamaLike({
  name: 'mistral',
  // Mistral's first configurations do without a window's key.
  defaults: { num_key_value_heads: 8, max_position_embeddings: 131_072, sliding_window: 4096 },
  windowOf: ({ sliding_window }) => sliding_window ?? null,
});
