/** After GPTNeoXForCausalLM, modeling_gpt_neox.py in huggingface/transformers. */
import { sum } from '../reference-loops.js';
import { attend, headByHead } from './attend.js';
import type { ReferenceFamily } from './family.js';
import { inverseFrequencies, ropeOf, rotateHalves } from './rotation.js';
import { Settings } from './settings.js';

export const gptNeox: ReferenceFamily = (config, weights) => {
  const [layers, heads] = [config.number('num_hidden_layers', 44), config.number('num_attention_heads', 64)];
  const epsilon = config.number('layer_norm_eps', 1e-5);
  const activation = config.activation('hidden_act', 'gelu');
  const size = config.number('hidden_size', 6144) / heads;
  const prefix = weights.has('embed_in.weight') ? '' : 'gpt_neox.';
  const isBiased = config.flag('attention_bias', true);
  const isParallel = config.flag('use_parallel_residual', true);
  const head = weights.headOf(config.flag('tie_word_embeddings', false), `${prefix}embed_in`, 'embed_out');

  const rope = ropeOf(config, new Settings({}));
  const share = rope.number('partial_rotary_factor', config.number('rotary_pct', 0.25));
  // Under the name that the others have for it.
  const theta = new Settings({
    rope_theta: config.number('rotary_emb_base', 10_000),
    max_position_embeddings: config.number('max_position_embeddings', 2048),
    original_max_position_embeddings: config.optional('original_max_position_embeddings', null),
  });
  const frequencies = inverseFrequencies(theta, rope, Math.floor(size * share));

  const words = weights.matrix(`${prefix}embed_in.weight`);
  const map = (name: string, row: Float64Array) =>
    isBiased ? weights.linear(name, row) : weights.product(name, row);
  return {
    layers,
    embed: tokens => tokens.map(id => words[id]),
    layer: (x, layer, neurons) => {
      const at = `${prefix}layers.${layer}`;
      const norm = (name: string, row: Float64Array) => weights.layerNorm(`${at}.${name}`, row, epsilon);
      const joined = x.map(row => map(`${at}.attention.query_key_value`, norm('input_layernorm', row)));
      // For each head its query, its key and its value.
      const [queries, keys, values] = [0, 1, 2].map(part =>
        joined.map(row => {
          const out = new Float64Array(heads * size);
          for (let h = 0; h < heads; h++)
            out.set(row.slice((3 * h + part) * size, (3 * h + part + 1) * size), h * size);
          return out;
        }),
      );
      const turn = (row: Float64Array, t: number) =>
        headByHead(row, size, part => rotateHalves(part, t, frequencies));
      const context = attend(
        [queries.map(turn), keys.map(turn), values],
        { heads, keyValueHeads: heads, size },
        { scale: 1 / Math.sqrt(size) },
      );
      return x.map((row, t) => {
        const attended = sum(map(`${at}.attention.dense`, context[t]), row);
        const normed = norm('post_attention_layernorm', isParallel ? row : attended);
        const inner = neurons(t, weights.linear(`${at}.mlp.dense_h_to_4h`, normed), activation);
        return sum(weights.linear(`${at}.mlp.dense_4h_to_h`, inner), attended);
      });
    },
    scores: last => weights.product(head, weights.layerNorm(`${prefix}final_layer_norm`, last, epsilon)),
  };
};
