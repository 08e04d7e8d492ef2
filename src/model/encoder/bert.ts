/** BERT (Devlin et al., 2019, https://arxiv.org/abs/1810.04805), after `BertForMaskedLM` in huggingface/transformers. */
import { bertLike } from './bert-like.js';

const HEAD = 'cls.predictions';

export const bert = bertLike({
  name: 'bert',
  prefix: 'bert.',
  paddingOf: () => undefined,
  readHead: async (reader, config, wordEmbeddings) => {
    const { hiddenSize: hidden, vocabularySize: vocabulary } = config;
    // A tied checkpoint may hold the matrix a second time; transformers then uses the word embeddings.
    const embeddings = config.tiedEmbeddings
      ? wordEmbeddings
      : await reader.matrix(`${HEAD}.decoder.weight`, vocabulary, hidden);
    const bias = reader.has(`${HEAD}.bias`) ? `${HEAD}.bias` : `${HEAD}.decoder.bias`;
    return {
      head: {
        transform: await reader.linear(`${HEAD}.transform.dense`, hidden, hidden),
        transformNorm: await reader.norm(`${HEAD}.transform.LayerNorm`, hidden, config.layerNormEpsilon),
      },
      vocabulary: { embeddings, bias: await reader.vector(bias, vocabulary) },
    };
  },
});
