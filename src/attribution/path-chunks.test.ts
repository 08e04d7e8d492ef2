import { describe, expect, it } from 'vitest';
import { bytesOfPass } from '../model/batch-size.js';
import { chunksThatFit } from './path-chunks.js';

const BERT_BASE = {
  layers: 12,
  hiddenSize: 768,
  intermediateSize: 3072,
  vocabularySize: 30522,
  maxTokens: 512,
  causal: false,
};
/** 19 points for each of 4 prompts and every layer. */
const LAYERS = Array.from({ length: 12 }, (_, layer) => Array<number>(76).fill(layer)).flat();

describe('the parts of a list of passes', () => {
  it('are all of them, in parts that fit, and no part could take the next pass too', () => {
    const bytes = 420e6;
    const chunks = chunksThatFit(BERT_BASE, 14, LAYERS, 4, { bytes, passes: undefined });
    expect(chunks.reduce((a, b) => a + b)).toBe(LAYERS.length);
    const cost = (layer: number) => bytesOfPass(BERT_BASE, 14, layer);
    let first = 0;
    chunks.forEach((count, part) => {
      const own = LAYERS.slice(first, first + count).reduce((sum, layer) => sum + cost(layer), 0);
      const used = own + (part === 0 ? 4 * cost(0) : 0);
      first += count;
      expect(used).toBeLessThanOrEqual(bytes);
      if (first < LAYERS.length) expect(used + cost(LAYERS[first])).toBeGreaterThan(bytes);
    });
  });

  it('grow from layer to layer, since a pass keeps nothing of the layers before its own', () => {
    const chunks = chunksThatFit(BERT_BASE, 14, LAYERS, 0, { bytes: 420e6, passes: undefined });
    expect(chunks.length).toBeLessThan(9);
    expect(chunks[chunks.length - 2]).toBeGreaterThan(1.5 * chunks[0]);
  });

  it('have one pass at the least, however little room there is', () => {
    expect(chunksThatFit(BERT_BASE, 14, [0, 0, 3], 1, { bytes: 1, passes: undefined })).toEqual([0, 1, 1, 1]);
  });

  it('have so many passes where a number is asked for', () => {
    expect(chunksThatFit(BERT_BASE, 14, [0, 0, 3, 5], 1, { bytes: 1, passes: 2 })).toEqual([1, 2, 1]);
  });

  it('are one, of none, where there is none', () => {
    expect(chunksThatFit(BERT_BASE, 14, [], 2, { bytes: 1, passes: undefined })).toEqual([0]);
  });
});
