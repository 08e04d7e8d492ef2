import type { DecoderFamily } from './family.js';
import { type LlamaFields, llamaLike } from './llama-like.js';

/** What Qwen2 and Qwen3 have alike. */
export const qwenDefaults: Partial<LlamaFields> = {
  num_key_value_heads: 32,
  max_position_embeddings: 32_768,
  sliding_window: 4096,
  max_window_layers: 28,
};

/** Where it is asked for: in the layers that `layer_types` names, or from `max_window_layers` on. */
export function qwenWindow(fields: LlamaFields, layer: number): number | null {
  const { use_sliding_window, sliding_window, max_window_layers, layer_types } = fields;
  const slides = layer_types ? layer_types[layer] === 'sliding_attention' : layer >= (max_window_layers ?? 0);
  return use_sliding_window && slides ? (sliding_window ?? null) : null;
}

/** Qwen2 and 2.5 (Yang et al., 2024, https://arxiv.org/abs/2407.10671): biases of queries, keys and values. */
export const qwen2: DecoderFamily = llamaLike({
  name: 'qwen2',
  defaults: qwenDefaults,
  inputBias: true,
  windowOf: qwenWindow,
});
