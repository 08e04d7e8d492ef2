/** BERT (Devlin et al., 2019, https://arxiv.org/abs/1810.04805), after `BertForMaskedLM` in huggingface/transformers. */
import { bertLike } from './bert-like.js';

const HEAD = 'cls.predictions';

export const bert = bertLike({
  name: 'bert',
  base: 'bert',
  paddingOf: () => undefined,
  vocabulary: `${HEAD}.decoder.weight`,
  readHead: async (reader, config) => {
    const { hiddenSize: hidden, vocabularySize, tiedEmbeddings, layerNormEpsilon } = config;
    return {
      transform: await reader.linear(`${HEAD}.transform.dense`, hidden, hidden),
      transformNorm: await reader.norm(`${HEAD}.transform.LayerNorm`, hidden, layerNormEpsilon),
      bias: await reader.headBias(`${HEAD}.bias`, `${HEAD}.decoder.bias`, tiedEmbeddings, vocabularySize),
    };
  },
});
