/** After GPTJForCausalLM, modeling_gptj.py in huggingface/transformers. */
import { sum } from '../reference-loops.js';
import { attend, headByHead } from './attend.js';
import type { ReferenceFamily } from './family.js';
import { prefixOf } from './gpt2.js';
import { powers, rotateNeighbours } from './rotation.js';

export const gptj: ReferenceFamily = (config, weights) => {
  const [layers, heads] = [config.number('n_layer', 28), config.number('n_head', 16)];
  const epsilon = config.number('layer_norm_epsilon', 1e-5);
  const activation = config.activation('activation_function', 'gelu_new');
  const [size, prefix] = [config.number('n_embd', 4096) / heads, prefixOf(weights)];
  const frequencies = powers(config.number('rotary_dim', 64), 10_000);
  const words = weights.matrix(`${prefix}wte.weight`);
  const head = weights.headOf(config.flag('tie_word_embeddings', false), `${prefix}wte`, 'lm_head');
  return {
    layers,
    embed: tokens => tokens.map(id => words[id]),
    layer: (x, layer, neurons) => {
      const at = `${prefix}h.${layer}`;
      const normed = x.map(row => weights.layerNorm(`${at}.ln_1`, row, epsilon));
      const [queries, keys, values] = ['q_proj', 'k_proj', 'v_proj'].map(name =>
        normed.map(row => weights.product(`${at}.attn.${name}`, row)),
      );
      const turn = (row: Float64Array, t: number) =>
        headByHead(row, size, part => rotateNeighbours(part, t, frequencies));
      const context = attend(
        [queries.map(turn), keys.map(turn), values],
        { heads, keyValueHeads: heads, size },
        { scale: 1 / Math.sqrt(size) },
      );
      return x.map((row, t) => {
        const inner = neurons(t, weights.linear(`${at}.mlp.fc_in`, normed[t]), activation);
        const attended = weights.product(`${at}.attn.out_proj`, context[t]);
        return sum(sum(attended, weights.linear(`${at}.mlp.fc_out`, inner)), row);
      });
    },
    scores: last => {
      const normed = weights.layerNorm(`${prefix}ln_f`, last, epsilon);
      return sum(weights.product(head, normed), weights.vector('lm_head.bias'));
    },
  };
};
