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
    base: 'roberta',
    paddingOf: (json, path) => parseFields(schema, json, path).pad_token_id,
    headNonlinearity: 'gelu',
    vocabulary: 'lm_head.decoder.weight',
    readHead: async (reader, config) => {
      const { hiddenSize: hidden, vocabularySize, tiedEmbeddings, layerNormEpsilon } = config;
      return {
        transform: await reader.linear('lm_head.dense', hidden, hidden),
        transformNorm: await reader.norm('lm_head.layer_norm', hidden, layerNormEpsilon),
        bias: await reader.headBias('lm_head.bias', 'lm_head.decoder.bias', tiedEmbeddings, vocabularySize),
      };
    },
  });
}

export const roberta = robertaLike('roberta');
export const xlmRoberta = robertaLike('xlm-roberta');
