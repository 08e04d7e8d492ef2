/**
 * The tokenizer.json that a GPT-2's vocab.json and merges.txt stand for, as transformers' GPT2Tokenizer converts them:
 * byte-level byte-pair encoding, without special tokens around a text.
 * @param vocabulary each token's id
 * @param merges lines of merges.txt: a pair of tokens each, after a line with the format's version
 */
export function bytePairTokenizer(vocabulary: Readonly<Record<string, number>>, merges: readonly string[]) {
  const end = '<|endoftext|>';
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens:
      end in vocabulary
        ? [
            {
              id: vocabulary[end],
              content: end,
              single_word: false,
              lstrip: false,
              rstrip: false,
              normalized: false,
              special: true,
            },
          ]
        : [],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: { ...byteLevel, trim_offsets: false },
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: vocabulary,
      merges: merges.filter(line => line !== '' && !line.startsWith('#version')),
    },
  };
}
