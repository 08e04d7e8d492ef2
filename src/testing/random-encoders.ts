/** Masked models with random weights, of another shape than the golden files' models: they have no tokenizer. */
import {
  both,
  HIDDEN,
  INTERMEDIATE,
  LAYERS,
  norm,
  ofLayers,
  POSITIONS,
  RANDOM_VOCABULARY,
  type RandomDecoder,
  type Shapes,
  SIZES,
  WORDS,
  weight,
} from './random-decoders/shapes.js';

const square = (name: string) => both(name, HIDDEN, HIDDEN);

function bertLike(name: string, base: string, tokenTypes: number, head: Shapes): RandomDecoder {
  return {
    config: { model_type: name, ...SIZES, num_attention_heads: 3, type_vocab_size: tokenTypes },
    shapes: {
      ...weight(`${base}.embeddings.word_embeddings`, ...WORDS),
      ...weight(`${base}.embeddings.position_embeddings`, POSITIONS, HIDDEN),
      ...weight(`${base}.embeddings.token_type_embeddings`, tokenTypes, HIDDEN),
      ...norm(`${base}.embeddings.LayerNorm`),
      ...ofLayers(layer => {
        const at = `${base}.encoder.layer.${layer}`;
        return {
          ...square(`${at}.attention.self.query`),
          ...square(`${at}.attention.self.key`),
          ...square(`${at}.attention.self.value`),
          ...square(`${at}.attention.output.dense`),
          ...norm(`${at}.attention.output.LayerNorm`),
          ...both(`${at}.intermediate.dense`, INTERMEDIATE, HIDDEN),
          ...both(`${at}.output.dense`, HIDDEN, INTERMEDIATE),
          ...norm(`${at}.output.LayerNorm`),
        };
      }),
      ...head,
    },
  };
}

const ROBERTA_HEAD = {
  ...square('lm_head.dense'),
  ...norm('lm_head.layer_norm'),
  'lm_head.bias': [RANDOM_VOCABULARY],
};

const distilbert: RandomDecoder = {
  config: {
    ...{ model_type: 'distilbert', dim: HIDDEN, hidden_dim: INTERMEDIATE, n_layers: LAYERS, n_heads: 2 },
    ...{ vocab_size: RANDOM_VOCABULARY, max_position_embeddings: POSITIONS },
  },
  shapes: {
    ...weight('distilbert.embeddings.word_embeddings', ...WORDS),
    ...weight('distilbert.embeddings.position_embeddings', POSITIONS, HIDDEN),
    ...norm('distilbert.embeddings.LayerNorm'),
    ...ofLayers(layer => {
      const at = `distilbert.transformer.layer.${layer}`;
      return {
        ...square(`${at}.attention.q_lin`),
        ...square(`${at}.attention.k_lin`),
        ...square(`${at}.attention.v_lin`),
        ...square(`${at}.attention.out_lin`),
        ...norm(`${at}.sa_layer_norm`),
        ...both(`${at}.ffn.lin1`, INTERMEDIATE, HIDDEN),
        ...both(`${at}.ffn.lin2`, HIDDEN, INTERMEDIATE),
        ...norm(`${at}.output_layer_norm`),
      };
    }),
    ...square('vocab_transform'),
    ...norm('vocab_layer_norm'),
    'vocab_projector.bias': [RANDOM_VOCABULARY],
  },
};

export const RANDOM_ENCODERS: Readonly<Record<string, RandomDecoder>> = {
  bert: bertLike('bert', 'bert', 3, {
    ...square('cls.predictions.transform.dense'),
    ...norm('cls.predictions.transform.LayerNorm'),
    'cls.predictions.bias': [RANDOM_VOCABULARY],
  }),
  roberta: bertLike('roberta', 'roberta', 1, ROBERTA_HEAD),
  'xlm-roberta': bertLike('xlm-roberta', 'roberta', 1, ROBERTA_HEAD),
  distilbert,
};
