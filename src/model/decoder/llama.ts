import type { DecoderFamily } from './family.js';
import { llamaLike } from './llama-like.js';

/** Llama 2, 3 and what is published as such: TinyLlama, SmolLM2. */
export const llama: DecoderFamily = llamaLike({
  name: 'llama',
  defaults: { max_position_embeddings: 2048 },
  biasKeys: ['attention_bias', 'mlp_bias'],
});
