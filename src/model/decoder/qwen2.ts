import type { DecoderFamily } from './family.js';
import { llamaLike } from './llama-like.js';

/** Qwen2 and 2.5 (Yang et al., 2024, https://arxiv.org/abs/2407.10671): biases of queries, keys and values. */
export const qwen2: DecoderFamily = llamaLike({
  name: 'qwen2',
  inputBias: true,
  // Layers from `max_window_layers` on, where it is asked for.
  windowOf: ({ use_sliding_window, sliding_window, max_window_layers }, layer) =>
    use_sliding_window && layer >= (max_window_layers ?? 28) ? (sliding_window ?? null) : null,
});
