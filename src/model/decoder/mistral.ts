import type { DecoderFamily } from './family.js';
import { llamaLike } from './llama-like.js';

/** Mistral (Jiang et al., 2023, https://arxiv.org/abs/2310.06825): a window in every layer, unless it is null. */
export const mistral: DecoderFamily = llamaLike({
  name: 'mistral',
  inputBias: false,
  // Mistral's first configurations do without the key: transformers takes 4096.
  windowOf: ({ sliding_window = 4096 }) => sliding_window,
});
