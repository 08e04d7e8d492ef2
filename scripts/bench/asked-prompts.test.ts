import { expect, it } from 'vitest';
import { askedPrompts } from './asked-prompts.js';
import { SHAPES } from './shapes.js';

it.each([true, false])(
  'stay within the prompt and the vocabulary, however many they are (causal: %s)',
  causal => {
    const { tokens } = SHAPES['bert-base'];
    const vocabularySize = SHAPES['bert-base'].config.vocab_size;
    const queries = askedPrompts(400, tokens, { causal, vocabularySize }).flat();
    expect(queries).toHaveLength(400);
    for (const query of queries) {
      expect(query.tokens).toHaveLength(tokens);
      expect(query.position).toBeLessThan(tokens);
      expect(Math.max(...query.tokens)).toBeLessThan(vocabularySize);
    }
  },
);
