/** After Gemma2ForCausalLM, modeling_gemma2.py in huggingface/transformers. */
import { rmsNormalized, sum } from '../reference-loops.js';
import { attend, headByHead } from './attend.js';
import type { ReferenceFamily } from './family.js';
import { inverseFrequencies, ropeOf, rotateHalves } from './rotation.js';
import { Settings } from './settings.js';

export const gemma2: ReferenceFamily = (config, weights) => {
  const [layers, heads] = [config.number('num_hidden_layers', 26), config.number('num_attention_heads', 8)];
  const keyValueHeads = config.number('num_key_value_heads', 4);
  const size = config.number('head_dim', 256);
  const hidden = config.number('hidden_size', 2304);
  const epsilon = config.number('rms_norm_eps', 1e-6);
  const activation = config.activation('hidden_activation', 'gelu_pytorch_tanh');
  const scale = config.number('query_pre_attn_scalar', 256) ** -0.5;
  const cap = config.optional('attn_logit_softcapping', 50);
  const lastCap = config.optional('final_logit_softcapping', 30);
  const types =
    config.list('layer_types') ??
    Array.from({ length: layers }, (_, i) => ((i + 1) % 2 ? 'sliding_attention' : 'full_attention'));
  const frequencies = inverseFrequencies(config, ropeOf(config, new Settings({})), size);
  const words = weights.matrix('model.embed_tokens.weight');
  const head = weights.headOf(config.flag('tie_word_embeddings', true), 'model.embed_tokens', 'lm_head');
  const normed = (name: string, row: Float64Array) =>
    rmsNormalized(
      row,
      weights.vector(`${name}.weight`).map(w => 1 + w),
      epsilon,
    );
  return {
    layers,
    embed: tokens => tokens.map(id => words[id].map(value => value * Math.sqrt(hidden))),
    layer: (x, layer, neurons) => {
      const at = `model.layers.${layer}`;
      const norm = (name: string, row: Float64Array) => normed(`${at}.${name}`, row);
      const entering = x.map(row => norm('input_layernorm', row));
      const [queries, keys, values] = ['q_proj', 'k_proj', 'v_proj'].map(name =>
        entering.map(row => weights.product(`${at}.self_attn.${name}`, row)),
      );
      const turn = (row: Float64Array, t: number) =>
        headByHead(row, size, part => rotateHalves(part, t, frequencies));
      const window = types[layer] === 'sliding_attention' ? config.optional('sliding_window', 4096) : null;
      const context = attend(
        [queries.map(turn), keys.map(turn), values],
        { heads, keyValueHeads, size },
        { scale, cap, window },
      );
      return x.map((row, t) => {
        const given = weights.product(`${at}.self_attn.o_proj`, context[t]);
        const attended = sum(row, norm('post_attention_layernorm', given));
        const entering = norm('pre_feedforward_layernorm', attended);
        const [gate, up] = ['gate_proj', 'up_proj'].map(name =>
          weights.product(`${at}.mlp.${name}`, entering),
        );
        const out = weights.product(`${at}.mlp.down_proj`, neurons(t, gate, activation, up));
        return sum(attended, norm('post_feedforward_layernorm', out));
      });
    },
    scores: last => {
      const scores = weights.product(head, normed('model.norm', last));
      return lastCap === null ? scores : scores.map(score => lastCap * Math.tanh(score / lastCap));
    },
  };
};
