/** What the config.json files of masked models may say, and what it means. */
import { describe, expect, it } from 'vitest';
import { ENCODER_FAMILIES, type EncoderFamilyName } from './config.js';
import { ENCODERS } from './families.js';
import { positionsOf } from './positions.js';

const BERT = {
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  vocab_size: 20,
  max_position_embeddings: 16,
};
const DISTILBERT = {
  dim: 8,
  hidden_dim: 12,
  n_layers: 2,
  n_heads: 2,
  vocab_size: 20,
  max_position_embeddings: 16,
};
const parse = (family: EncoderFamilyName, changes: object = {}) =>
  ENCODERS[family].parseConfig(
    { ...(family === 'distilbert' ? DISTILBERT : BERT), ...changes },
    'config.json',
  );

describe.each(ENCODER_FAMILIES)('the config.json of %s', family => {
  it('needs the measures alone: the rest is what transformers takes it for', () => {
    expect(parse(family)).toMatchObject({
      ...{ architecture: family, causal: false, hiddenSize: 8, intermediateSize: 12, layers: 2, heads: 2 },
      ...{ vocabularySize: 20, positions: 16, tokenTypes: family === 'distilbert' ? 0 : 2 },
      ...{ layerNormEpsilon: 1e-12, nonlinearity: 'gelu', headNonlinearity: 'gelu', tiedEmbeddings: true },
    });
  });

  const refused: readonly [changes: object, message: string][] =
    family === 'distilbert'
      ? [
          [{ dim: 0 }, 'config.json: "dim"'],
          [{ n_layers: undefined }, 'config.json: "n_layers"'],
          [{ n_heads: 3 }, 'cannot be divided among 3 attention heads'],
          [{ activation: 'maxout' }, 'config.json: "activation" is maxout'],
        ]
      : [
          [{ hidden_size: undefined }, 'config.json: "hidden_size"'],
          [{ is_decoder: true }, 'config.json: "is_decoder" is true; kn computes false alone'],
          [{ position_embedding_type: 'relative_key' }, '"position_embedding_type" is relative_key'],
          [{ hidden_act: 'maxout' }, 'config.json: "hidden_act" is maxout'],
        ];
  it.each(refused)('is refused by name for %o', (changes, message) => {
    expect(() => parse(family, changes)).toThrow(message);
  });
});

it('a null stands for absolute positions, and a table that began as sinusoids is read as any other', () => {
  expect(parse('bert', { position_embedding_type: null }).maxTokens).toBe(16);
  expect(parse('distilbert', { sinusoidal_pos_embds: true })).toEqual(parse('distilbert'));
});

describe("RoBERTa's positions", () => {
  it.each(['roberta', 'xlm-roberta'] as const)(
    'leave fewer tokens to a prompt of %s than the table has rows',
    family => {
      expect(parse(family)).toMatchObject({ maxTokens: 14, positions: 16, paddingId: 1 });
      expect(parse(family, { pad_token_id: 4 })).toMatchObject({ maxTokens: 11, paddingId: 4 });
      expect(() => parse(family, { pad_token_id: 15 })).toThrow(
        'leaves no position after "pad_token_id", 15',
      );
      expect(() => parse(family, { pad_token_id: null })).toThrow('"pad_token_id"');
    },
  );

  it('are counted from the padding token on, which has none of its own', () => {
    expect(positionsOf([0, 7, 8, 2], 1)).toEqual([2, 3, 4, 5]);
    expect(positionsOf([0, 1, 8, 1, 2], 1)).toEqual([2, 1, 3, 1, 4]);
    expect(positionsOf([0, 1, 8], undefined)).toEqual([0, 1, 2]);
  });

  it("go with GELU in the head, whatever the layers have; BERT's head has what they have", () => {
    expect(parse('roberta', { hidden_act: 'relu' })).toMatchObject({
      nonlinearity: 'relu',
      headNonlinearity: 'gelu',
    });
    expect(parse('bert', { hidden_act: 'relu' }).headNonlinearity).toBe('relu');
    expect(parse('distilbert', { activation: 'relu' }).headNonlinearity).toBe('relu');
  });
});
