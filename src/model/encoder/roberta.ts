/**
 * RoBERTa (Liu et al., 2019, https://arxiv.org/abs/1907.11692) and XLM-RoBERTa (Conneau et al., 2020,
 * https://arxiv.org/abs/1911.02116), after `RobertaForMaskedLM` in huggingface/transformers: BERT with a head that has names of its own and GELU
 * always, and with positions that are counted from the padding token's id on.
 */
import { z } from 'zod';
import { parseFields } from '../config-fields.js';
import { bertLike } from './bert-like.js';
import type { EncoderFamilyName } from './config.js';
import type { EncoderFamily } from './family.js';

const schema = z.object({ pad_token_id: z.int().nonnegative().default(1) });

function robertaLike(name: EncoderFamilyName): EncoderFamily {
  return bertLike({
    name,
    prefix: 'roberta.',
    paddingOf: (json, path) => parseFields(schema, json, path).pad_token_id,
    headNonlinearity: 'gelu',
    readHead: async (reader, config, wordEmbeddings) => {
      const { hiddenSize: hidden, vocabularySize: vocabulary } = config;
      const embeddings = config.tiedEmbeddings
        ? wordEmbeddings
        : await reader.matrix('lm_head.decoder.weight', vocabulary, hidden);
      const bias = reader.has('lm_head.bias') ? 'lm_head.bias' : 'lm_head.decoder.bias';
      return {
        head: {
          transform: await reader.linear('lm_head.dense', hidden, hidden),
          transformNorm: await reader.norm('lm_head.layer_norm', hidden, config.layerNormEpsilon),
        },
        vocabulary: { embeddings, bias: await reader.vector(bias, vocabulary) },
      };
    },
  });
}

export const roberta = robertaLike('roberta');
export const xlmRoberta = robertaLike('xlm-roberta');
