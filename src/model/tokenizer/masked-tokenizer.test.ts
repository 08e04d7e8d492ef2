/** Tokens of prompts and of answers where they stand. The expected ones are what transformers 5.18 gives for the whole sentence. */
import { beforeAll, expect, it } from 'vitest';
import {
  BERT_MINI,
  describeWith,
  GOLDEN_DISTILBERT,
  GOLDEN_ROBERTA,
  GOLDEN_XLM_ROBERTA,
} from '../../testing/shared.js';
import { loadTokenizer } from './load-tokenizer.js';
import { answerIds, type Tokenizer } from './tokenizer.js';

function tokenizerOf(folder: string, vocabularySize: number): () => Tokenizer {
  let tokenizer: Tokenizer | undefined;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(folder, { vocabularySize, causal: false });
  });
  return () => {
    if (!tokenizer) throw new Error('not loaded');
    return tokenizer;
  };
}

const SENTENCES: readonly [prompt: string, why: string][] = [
  ['The capital of France is [MASK] .', 'after a space'],
  ['[MASK] is the capital', 'at the start'],
  ['The capital ([MASK]) of France', 'in brackets'],
  ["the city of '[MASK]'", 'in quotes'],
  ['anti[MASK]', 'glued to a word'],
];

describeWith(GOLDEN_ROBERTA, "RoBERTa's tokenizer", () => {
  const roberta = tokenizerOf(GOLDEN_ROBERTA, 425);

  it('takes [MASK] and <mask>, each with the space before it', () => {
    const written = roberta().encode('The capital of France is <mask> .', 62);
    expect(roberta().encode('The capital of France is [MASK] .', 62)).toEqual(written);
    expect(written.tokens).toEqual([0, 283, 331, 265, 377, 280, 424, 224, 17, 2]);
    expect(written.position).toBe(6);
    expect(roberta().encode('The capital of France is[MASK] .', 62)).toEqual(written);
  });

  it.each([
    ['a [MASK] and a <mask>', 'has 2 [MASK] or <mask>, where one is needed'],
    ['none', 'has no [MASK] or <mask>, where one is needed'],
  ])('wants one of them: "%s"', (prompt, message) => {
    expect(() => roberta().encode(prompt, 62)).toThrow(message);
  });

  it.each(
    [[290], [274], [274], [274], [274]].map((ids, i) => ({
      ids,
      prompt: SENTENCES[i][0],
      why: SENTENCES[i][1],
    })),
  )('has the tokens of an answer $why: "$prompt"', ({ ids, prompt }) => {
    expect(answerIds(roberta(), 'Paris', prompt)).toEqual(ids);
    expect(answerIds(roberta(), ' Paris ', prompt.replace('[MASK]', '<mask>'))).toEqual(ids);
  });

  it('has those after a space where nothing is said of where it stands', () => {
    expect(answerIds(roberta(), 'Paris')).toEqual([290]);
  });

  it('knows the token for what its vocabulary lacks', () => {
    expect(roberta().unknownId).toBe(3);
  });

  it('shows tokens as people read them', () => {
    expect([290, 274, 424, 1000].map(id => roberta().token(id))).toEqual([
      ' Paris',
      'Paris',
      '<mask>',
      '#1000',
    ]);
  });
});

describeWith(GOLDEN_XLM_ROBERTA, "XLM-RoBERTa's tokenizer", () => {
  const xlm = tokenizerOf(GOLDEN_XLM_ROBERTA, 82);

  it.each(
    // Brackets and quotes are unknown to this vocabulary, and an unknown token takes in what touches it.
    [
      [23, 34, 14],
      [23, 34, 14],
      [23, 34, 14],
      [23, 34, 14],
      [61, 34, 14],
    ].map((ids, i) => ({
      ids,
      prompt: SENTENCES[i][0],
      why: SENTENCES[i][1],
    })),
  )('has the tokens of an answer $why: "$prompt"', ({ ids, prompt }) => {
    expect(answerIds(xlm(), 'Paris', prompt)).toEqual(ids);
  });

  it('has them though what follows begins anew behind a mask', () => {
    const tokens = (text: string) => xlm().encode(text, 62).tokens;
    expect(tokens('a <mask>is')).toEqual([0, 4, 6, 81, 4, 14, 2]);
    expect(answerIds(xlm(), 'Par', 'a [MASK]is')).toEqual([23, 34]);
  });

  it('has those after a space where a token reaches over the border', () => {
    // "is" is one token of "Paris", and "Pari" would have "i".
    expect(answerIds(xlm(), 'Pari', 'a [MASK]s')).toEqual(answerIds(xlm(), 'Pari'));
  });

  it('shows where a token has a space before it', () => {
    expect([23, 34, 4].map(id => xlm().token(id))).toEqual(['▁P', 'ar', '▁']);
  });

  it('refuses an answer that the vocabulary lacks', () => {
    expect(() => answerIds(xlm(), '日本', 'in [MASK]')).toThrow('has characters that the vocabulary lacks');
  });
});

describeWith(GOLDEN_DISTILBERT, "DistilBERT's tokenizer", () => {
  const distilbert = tokenizerOf(GOLDEN_DISTILBERT, 140);

  it.each(
    [[16], [16], [16], [16], [120, 105, 122, 113, 51]].map((ids, i) => ({
      ids,
      prompt: SENTENCES[i][0],
      why: SENTENCES[i][1],
    })),
  )('has the tokens of an answer $why: "$prompt"', ({ ids, prompt }) => {
    expect(answerIds(distilbert(), 'Paris', prompt)).toEqual(ids);
  });
});

describeWith(BERT_MINI, 'in a script without spaces', () => {
  const bert = tokenizerOf(BERT_MINI, 30522);

  it('an answer has the tokens that it has there', () => {
    // BertTokenizer("東京は日本の").input_ids has 日 and 本 each for itself; kana go on as a word.
    expect(answerIds(bert(), '日本', '東京は[MASK]の首都')).toEqual(answerIds(bert(), '日本'));
    const kana = answerIds(bert(), 'の', '東京は[MASK]');
    expect(kana.map(id => bert().token(id))).toEqual(['##の']);
  });
});
