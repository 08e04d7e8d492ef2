import type { DecoderFamily } from './family.js';
import { llamaLike } from './llama-like.js';

/** Mistral (Jiang et al., 2023, https://arxiv.org/abs/2310.06825): a window in every layer, where the configuration has one. */
export const mistral: DecoderFamily = llamaLike({
  name: 'mistral',
  inputBias: false,
  windowOf: ({ sliding_window }) => sliding_window ?? null,
});
