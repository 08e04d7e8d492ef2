import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../../embedded.js';
import { type ModelConfig, readModelConfig } from '../../model/config.js';
import { factsTogether } from './facts-together.js';

const BERT_BASE = { layers: 12, hiddenSize: 768, intermediateSize: 3072, vocabularySize: 30_522 };
const of = (config: ModelConfig): ModelConfig => ({ ...config, ...BERT_BASE });

describe('facts that go through a model together', () => {
  it('are more the more there are, to sixteen, so that workers have calls enough', async () => {
    const config = await readModelConfig(DEMO_MODEL);
    expect([1, 8, 9, 40, 361, 20_000].map(facts => factsTogether(facts, config, false))).toEqual([
      1, 1, 2, 5, 16, 16,
    ]);
  });

  it('are one of a large model on a processor, and as many as of a small one on a GPU', async () => {
    const large = of(await readModelConfig(DEMO_MODEL));
    expect(factsTogether(20_000, large, false)).toBe(1);
    expect([1, 40, 20_000].map(facts => factsTogether(facts, large, true))).toEqual([1, 5, 16]);
  });
});
