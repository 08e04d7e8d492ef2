/** After modeling_llama.py, modeling_mistral.py, modeling_qwen2.py and modeling_qwen3.py in huggingface/transformers. */
import { sum } from '../reference-loops.js';
import { attend, headByHead } from './attend.js';
import type { ReferenceFamily } from './family.js';
import { inverseFrequencies, ropeOf, rotateHalves } from './rotation.js';
import { Settings } from './settings.js';

interface Differences {
  /** `num_key_value_heads` of the class; null: as many as there are heads. */
  readonly keyValueHeads: number | null;
  /** `head_dim` of the class; default: hidden size by heads. */
  readonly headDim?: number;
  readonly areBiased?: boolean;
  /** Of its four maps of attention, or of the network's three. */
  readonly readsAttentionBias?: boolean;
  readonly readsMlpBias?: boolean;
  readonly areHeadsNormed?: boolean;
  readonly window: (config: Settings, layer: number) => number | null;
}

function family({ window, ...differences }: Differences): ReferenceFamily {
  return (config, weights) => {
    const layers = config.number('num_hidden_layers', 32);
    const heads = config.number('num_attention_heads', 32);
    const keyValueHeads = config.optional('num_key_value_heads', differences.keyValueHeads) ?? heads;
    const size =
      config.optional('head_dim', differences.headDim ?? null) ??
      Math.floor(config.number('hidden_size', 4096) / heads);
    const epsilon = config.number('rms_norm_eps', 1e-6);
    const activation = config.activation('hidden_act', 'silu');
    const attentionBias = differences.readsAttentionBias && config.flag('attention_bias', false);
    const mlpBias = differences.readsMlpBias && config.flag('mlp_bias', false);
    const through = (isBiased: boolean | undefined, name: string, row: Float64Array) =>
      isBiased ? weights.linear(name, row) : weights.product(name, row);
    const frequencies = inverseFrequencies(config, ropeOf(config, new Settings({})), size);
    const words = weights.matrix('model.embed_tokens.weight');
    const head = weights.headOf(config.flag('tie_word_embeddings', false), 'model.embed_tokens', 'lm_head');
    return {
      layers,
      embed: tokens => tokens.map(id => words[id]),
      layer: (x, layer, neurons) => {
        const at = `model.layers.${layer}`;
        const norm = (name: string, row: Float64Array) => weights.rmsNorm(`${at}.${name}`, row, epsilon);
        const normed = x.map(row => norm('input_layernorm', row));
        const [queries, keys, values] = ['q_proj', 'k_proj', 'v_proj'].map(name => {
          const isBiased = differences.areBiased || attentionBias;
          return normed.map(row => through(isBiased, `${at}.self_attn.${name}`, row));
        });
        const prepared = (name: string) => (row: Float64Array, t: number) =>
          headByHead(row, size, part =>
            rotateHalves(differences.areHeadsNormed ? norm(`self_attn.${name}`, part) : part, t, frequencies),
          );
        const context = attend(
          [queries.map(prepared('q_norm')), keys.map(prepared('k_norm')), values],
          { heads, keyValueHeads, size },
          { scale: 1 / Math.sqrt(size), window: window(config, layer) },
        );
        return x.map((row, t) => {
          const attended = sum(row, through(attentionBias, `${at}.self_attn.o_proj`, context[t]));
          const entering = norm('post_attention_layernorm', attended);
          const [gate, up] = ['gate_proj', 'up_proj'].map(name =>
            through(mlpBias, `${at}.mlp.${name}`, entering),
          );
          const activations = neurons(t, gate, activation, up);
          return sum(attended, through(mlpBias, `${at}.mlp.down_proj`, activations));
        });
      },
      scores: last => weights.product(head, weights.rmsNorm('model.norm', last, epsilon)),
    };
  };
}

export const llama = family({
  keyValueHeads: null,
  readsAttentionBias: true,
  readsMlpBias: true,
  window: () => null,
});

export const mistral = family({
  keyValueHeads: 8,
  window: config => config.optional('sliding_window', 4096),
});

/** `layer_types`, which the class makes of the other keys where it is missing. */
function qwenWindow(config: Settings, layer: number): number | null {
  const window = config.flag('use_sliding_window', false) ? config.optional('sliding_window', 4096) : null;
  const types = config.list('layer_types');
  const isFar = layer >= config.number('max_window_layers', 28);
  return (types ? types[layer] === 'sliding_attention' : isFar) ? window : null;
}

export const qwen2 = family({ keyValueHeads: 32, areBiased: true, window: qwenWindow });

export const qwen3 = family({
  keyValueHeads: 32,
  headDim: 128,
  areHeadsNormed: true,
  readsAttentionBias: true,
  window: qwenWindow,
});
