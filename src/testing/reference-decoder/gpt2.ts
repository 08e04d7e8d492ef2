/** After modeling_gpt2.py and modeling_gpt_neo.py in huggingface/transformers. */
import { type Matrix, sum } from '../reference-loops.js';
import { attend, type Scores } from './attend.js';
import type { ReferenceFamily } from './family.js';
import { fail, type Settings } from './settings.js';
import type { StoredWeights } from './stored-weights.js';

/** GPT2LMHeadModel */
export const gpt2: ReferenceFamily = (config, weights) => {
  const [layers, heads] = [config.number('n_layer', 12), config.number('n_head', 12)];
  const epsilon = config.number('layer_norm_epsilon', 1e-5);
  const activation = config.activation('activation_function', 'gelu_new');
  const [size, prefix] = [config.number('n_embd', 768) / heads, prefixOf(weights)];
  return {
    layers,
    ...wholeModel(config, weights, epsilon),
    layer: (x, layer, neurons) => {
      const at = `${prefix}h.${layer}`;
      const joined = x.map(row =>
        weights.convolution(`${at}.attn.c_attn`, weights.layerNorm(`${at}.ln_1`, row, epsilon)),
      );
      const width = heads * size;
      const parts = [0, 1, 2].map(part => joined.map(row => row.slice(part * width, (part + 1) * width)));
      let scale = config.flag('scale_attn_weights', true) ? 1 / Math.sqrt(size) : 1;
      if (config.flag('scale_attn_by_inverse_layer_idx', false)) scale /= layer + 1;
      const context = attend(parts, { heads, keyValueHeads: heads, size }, { scale });
      const attended = x.map((row, t) => sum(weights.convolution(`${at}.attn.c_proj`, context[t]), row));
      return attended.map((row, t) => {
        const normed = weights.layerNorm(`${at}.ln_2`, row, epsilon);
        const inner = neurons(t, weights.convolution(`${at}.mlp.c_fc`, normed), activation);
        return sum(row, weights.convolution(`${at}.mlp.c_proj`, inner));
      });
    },
  };
};

/** GPTNeoForCausalLM */
export const gptNeo: ReferenceFamily = (config, weights) => {
  const [layers, heads] = [config.number('num_layers', 24), config.number('num_heads', 16)];
  const epsilon = config.number('layer_norm_epsilon', 1e-5);
  const activation = config.activation('activation_function', 'gelu_new');
  const [size, prefix] = [config.number('hidden_size', 2048) / heads, prefixOf(weights)];
  const kinds = attentionKinds(config);
  return {
    layers,
    ...wholeModel(config, weights, epsilon),
    layer: (x, layer, neurons) => {
      const at = `${prefix}h.${layer}`;
      const normed = x.map(row => weights.layerNorm(`${at}.ln_1`, row, epsilon));
      const parts = ['q_proj', 'k_proj', 'v_proj'].map(name =>
        normed.map(row => weights.product(`${at}.attn.attention.${name}`, row)),
      );
      const scores: Scores = {
        scale: 1,
        window: kinds[layer] === 'local' ? config.number('window_size', 256) : null,
      };
      const context = attend(parts, { heads, keyValueHeads: heads, size }, scores);
      const attended = x.map((row, t) =>
        sum(weights.linear(`${at}.attn.attention.out_proj`, context[t]), row),
      );
      return attended.map((row, t) => {
        const normed = weights.layerNorm(`${at}.ln_2`, row, epsilon);
        const inner = neurons(t, weights.linear(`${at}.mlp.c_fc`, normed), activation);
        return sum(row, weights.linear(`${at}.mlp.c_proj`, inner));
      });
    },
  };
};

function attentionKinds(config: Settings): unknown[] {
  const layers = config.list('attention_layers');
  if (layers) return [...layers];
  const types = config.list('attention_types') ?? [[['global', 'local'], 12]];
  return types.flatMap(item => {
    if (!Array.isArray(item)) return fail('"attention_types" is no list of lists');
    const [kinds, times]: unknown[] = item;
    if (!Array.isArray(kinds)) return fail('"attention_types" is no list of lists');
    return Array.from({ length: Number(times) }, () => kinds).flat();
  });
}

export function prefixOf(weights: StoredWeights): string {
  return weights.has('wte.weight') ? '' : 'transformer.';
}

/** What stands before the layers and behind them. */
function wholeModel(config: Settings, weights: StoredWeights, epsilon: number) {
  const prefix = prefixOf(weights);
  const [words, places] = ['wte', 'wpe'].map(name => weights.matrix(`${prefix}${name}.weight`));
  const head = weights.headOf(config.flag('tie_word_embeddings', true), `${prefix}wte`, 'lm_head');
  return {
    embed: (tokens: readonly number[]): Matrix => tokens.map((id, t) => sum(words[id], places[t])),
    scores: (last: Float64Array) => weights.product(head, weights.layerNorm(`${prefix}ln_f`, last, epsilon)),
  };
}
