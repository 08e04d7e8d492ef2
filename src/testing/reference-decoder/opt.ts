/** After OPTForCausalLM with `do_layer_norm_before`, modeling_opt.py in huggingface/transformers. */
import { sum } from '../reference-loops.js';
import { attend } from './attend.js';
import type { ReferenceFamily } from './family.js';

export const opt: ReferenceFamily = (config, weights) => {
  const [layers, heads] = [config.number('num_hidden_layers', 12), config.number('num_attention_heads', 12)];
  const activation = config.activation('activation_function', 'relu');
  const size = config.number('hidden_size', 768) / heads;
  const prefix = weights.has('decoder.embed_tokens.weight') ? 'decoder' : 'model.decoder';
  const [words, places] = ['embed_tokens', 'embed_positions'].map(name =>
    weights.matrix(`${prefix}.${name}.weight`),
  );
  const head = weights.headOf(config.flag('tie_word_embeddings', true), `${prefix}.embed_tokens`, 'lm_head');
  const norm = (name: string, row: Float64Array) => weights.layerNorm(name, row, 1e-5);
  return {
    layers,
    embed: tokens => tokens.map((id, t) => sum(words[id], places[t + 2])),
    layer: (x, layer, neurons) => {
      const at = `${prefix}.layers.${layer}`;
      const normed = x.map(row => norm(`${at}.self_attn_layer_norm`, row));
      const parts = ['q_proj', 'k_proj', 'v_proj'].map(name =>
        normed.map(row => weights.linear(`${at}.self_attn.${name}`, row)),
      );
      const context = attend(parts, { heads, keyValueHeads: heads, size }, { scale: 1 / Math.sqrt(size) });
      return x.map((row, t) => {
        const attended = sum(row, weights.linear(`${at}.self_attn.out_proj`, context[t]));
        const first = weights.linear(`${at}.fc1`, norm(`${at}.final_layer_norm`, attended));
        return sum(attended, weights.linear(`${at}.fc2`, neurons(t, first, activation)));
      });
    },
    scores: last => weights.product(head, norm(`${prefix}.final_layer_norm`, last)),
  };
};
