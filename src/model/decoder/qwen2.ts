import type { DecoderFamily } from './family.js';
import { llamaLike } from './llama-like.js';

/** Qwen2 and 2.5 (Yang et al., 2024, https://arxiv.org/abs/2407.10671): biases of queries, keys and values. */
export const qwen2: DecoderFamily = llamaLike({
  name: 'qwen2',
  inputBias: true,
  // Where it is asked for: in the layers that `layer_types` names, or from `max_window_layers` on.
  windowOf: ({ use_sliding_window, sliding_window = 4096, max_window_layers, layer_types }, layer) => {
    const slides = layer_types
      ? layer_types[layer] === 'sliding_attention'
      : layer >= (max_window_layers ?? 28);
    return use_sliding_window && slides ? sliding_window : null;
  },
});
