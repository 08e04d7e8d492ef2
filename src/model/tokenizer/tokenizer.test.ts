import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../../embedded.js';
import { BERT_MINI, describeWith } from '../../testing/shared.js';
import { loadTokenizer } from './load-tokenizer.js';
import { answerIds, type Tokenizer } from './tokenizer.js';

let demo: Tokenizer;
beforeAll(async () => {
  demo = await loadTokenizer(DEMO_MODEL, { vocabularySize: 882, causal: false });
});

describe('a prompt', () => {
  it('becomes token ids between [CLS] and [SEP], with the place of its mask', () => {
    const { tokens, position } = demo.encode('France is governed from [MASK].', 64);
    expect(tokens.map(id => demo.token(id))).toEqual([
      '[CLS]',
      'france',
      'is',
      'governed',
      'from',
      '[MASK]',
      '.',
      '[SEP]',
    ]);
    expect(position).toBe(5);
  });

  it.each([
    ['france is governed from paris.', 'has no [MASK], where one is needed'],
    ['[MASK] is governed from [MASK].', 'has 2 [MASK], where one is needed'],
  ])('is refused: %s', (prompt, message) => {
    expect(() => demo.encode(prompt, 64)).toThrow(message);
  });

  it('is refused where it is longer than the model takes', () => {
    expect(() => demo.encode(`${'france '.repeat(70)}[MASK]`, 64)).toThrow(
      'is 73 tokens long, and the model takes 64',
    );
  });
});

describe('an answer of several tokens', () => {
  it('becomes a mask for each, the tokens before it in place', () => {
    const answer = answerIds(demo, 'Paris France');
    const queries = demo.ask('the capital is [MASK].', answer, 64);
    expect(
      queries.map(({ tokens }) =>
        tokens
          .slice(1, -1)
          .map(id => demo.token(id))
          .join(' '),
      ),
    ).toEqual(['the capital is [MASK] [MASK] .', 'the capital is paris [MASK] .']);
    expect(queries.map(({ position, answer }) => [position, demo.token(answer)])).toEqual([
      [4, 'paris'],
      [5, 'france'],
    ]);
  });

  it('must fit with all its masks', () => {
    const answer = answerIds(demo, 'Paris France');
    expect(() => demo.ask('the capital is [MASK].', answer, 7)).toThrow(
      'is 8 tokens long, and the model takes 7',
    );
  });
});

describe('an answer', () => {
  it('is its tokens, in lower case where the model has no other', () => {
    expect(answerIds(demo, 'Paris').map(id => demo.token(id))).toEqual(['paris']);
  });

  it.each([
    ['', 'the answer "" is empty'],
    ['日', 'the answer "日" has characters that the vocabulary lacks'],
  ])('is refused: "%s"', (answer, message) => {
    expect(() => answerIds(demo, answer)).toThrow(message);
  });
});

describeWith(BERT_MINI, "bert-base-uncased's vocabulary", () => {
  it("gives the ids that Python's tokenizers gives", async () => {
    const tokenizer = await loadTokenizer(BERT_MINI, { vocabularySize: 30522, causal: false });
    // transformers 5.18: BertTokenizer.from_pretrained(...)("...").input_ids
    const { tokens, position } = tokenizer.encode("Ångström's café, in [MASK] (Örebro) — naïve 北京!", 128);
    expect(tokens).toEqual([
      101, 17076, 15687, 1005, 1055, 7668, 1010, 1999, 103, 1006, 10848, 12618, 1007, 1517, 15743, 1781, 1755,
      999, 102,
    ]);
    expect(tokens[position]).toBe(103);
    expect(answerIds(tokenizer, 'São'.normalize())).toEqual(answerIds(tokenizer, 'sao'));
  });
});
