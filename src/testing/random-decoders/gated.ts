/** Random models whose networks have a gate: Llama and what is like it. */
import { both, HIDDEN, INTERMEDIATE, ofLayers, type RandomDecoder, SIZES, WORDS, weight } from './shapes.js';

interface GatedParts {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly isTied: boolean;
  readonly isBiased?: boolean;
  /** Every map, not the inputs of attention alone. */
  readonly areAllBiased?: boolean;
  readonly areHeadsNormed?: boolean;
  readonly hasEndNorms?: boolean;
}

export function gated(name: string, config: object, parts: GatedParts): RandomDecoder {
  const { heads, keyValueHeads, headSize, isTied, isBiased, areAllBiased, areHeadsNormed, hasEndNorms } =
    parts;
  const map = isBiased || areAllBiased ? both : weight;
  const other = areAllBiased ? both : weight;
  const rms = (name: string, width = HIDDEN) => weight(name, width);
  return {
    config: {
      ...{ model_type: name, ...SIZES, num_attention_heads: heads, num_key_value_heads: keyValueHeads },
      ...(heads * headSize !== HIDDEN && { head_dim: headSize }),
      ...{ tie_word_embeddings: isTied, ...config },
    },
    shapes: {
      ...weight('model.embed_tokens', ...WORDS),
      ...ofLayers(layer => {
        const at = `model.layers.${layer}`;
        return {
          ...rms(`${at}.input_layernorm`),
          ...map(`${at}.self_attn.q_proj`, heads * headSize, HIDDEN),
          ...map(`${at}.self_attn.k_proj`, keyValueHeads * headSize, HIDDEN),
          ...map(`${at}.self_attn.v_proj`, keyValueHeads * headSize, HIDDEN),
          ...other(`${at}.self_attn.o_proj`, HIDDEN, heads * headSize),
          ...(areHeadsNormed && rms(`${at}.self_attn.q_norm`, headSize)),
          ...(areHeadsNormed && rms(`${at}.self_attn.k_norm`, headSize)),
          ...rms(`${at}.post_attention_layernorm`),
          ...(hasEndNorms && rms(`${at}.pre_feedforward_layernorm`)),
          ...(hasEndNorms && rms(`${at}.post_feedforward_layernorm`)),
          ...other(`${at}.mlp.gate_proj`, INTERMEDIATE, HIDDEN),
          ...other(`${at}.mlp.up_proj`, INTERMEDIATE, HIDDEN),
          ...other(`${at}.mlp.down_proj`, HIDDEN, INTERMEDIATE),
        };
      }),
      ...rms('model.norm'),
      ...(isTied ? {} : weight('lm_head', ...WORDS)),
    },
  };
}
