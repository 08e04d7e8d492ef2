/**
 * The tokenizer.json that a BERT's vocab.txt stands for, as transformers' BertTokenizer converts it: BERT's
 * normaliser and word splitter, WordPiece over the vocabulary, [CLS] and [SEP] around a sentence.
 */

const SPECIAL_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/**
 * @param vocabulary tokens in the order of their ids
 * @param config tokenizer_config.json, where there is one: `do_lower_case` (default true), `strip_accents`,
 *   `tokenize_chinese_chars`
 */
export function wordPieceTokenizer(vocabulary: readonly string[], config: Readonly<Record<string, unknown>>) {
  const idOf = new Map(vocabulary.map((token, id) => [token, id]));
  const special = (token: string) => ({ id: idOf.get(token), token });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.filter(token => idOf.has(token)).map(token => ({
      id: idOf.get(token),
      content: token,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars ?? true,
      strip_accents: config.strip_accents ?? null,
      lowercase: config.do_lower_case ?? true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [],
      special_tokens: Object.fromEntries(
        ['[CLS]', '[SEP]']
          .map(special)
          .map(({ id, token }) => [token, { id: token, ids: [id], tokens: [token] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(idOf),
    },
  };
}
