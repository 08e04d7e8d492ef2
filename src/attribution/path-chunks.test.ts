import { describe, expect, it } from 'vitest';
import { bytesOfPass } from '../model/batch-size.js';
import { type AskedPass, chunksThatFit } from './path-chunks.js';

const BERT_BASE = {
  layers: 12,
  hiddenSize: 768,
  intermediateSize: 3072,
  vocabularySize: 30522,
  maxTokens: 512,
  causal: false,
};
/** 19 points for each of 4 prompts and every layer. */
const PASSES = Array.from({ length: 12 }, (_, layer) => Array(76).fill({ layer, tokens: 14 })).flat();
const of14 = (...layers: number[]) => layers.map(layer => ({ layer, tokens: 14 }));

describe('the parts of a list of passes', () => {
  it('are all of them, in parts that fit, and no part could take the next pass too', () => {
    const bytes = 420e6;
    const chunks = chunksThatFit(BERT_BASE, PASSES, [14, 14, 14, 14], { bytes, passes: undefined });
    expect(chunks.reduce((a, b) => a + b)).toBe(PASSES.length);
    const cost = ({ layer }: AskedPass) => bytesOfPass(BERT_BASE, 14, layer);
    let first = 0;
    chunks.forEach((count, part) => {
      const own = PASSES.slice(first, first + count).reduce((sum, pass) => sum + cost(pass), 0);
      const used = own + (part === 0 ? 4 * cost(PASSES[0]) : 0);
      first += count;
      expect(used).toBeLessThanOrEqual(bytes);
      if (first < PASSES.length) expect(used + cost(PASSES[first])).toBeGreaterThan(bytes);
    });
  });

  it('grow from layer to layer, since a pass keeps nothing of the layers before its own', () => {
    const chunks = chunksThatFit(BERT_BASE, PASSES, [], { bytes: 420e6, passes: undefined });
    expect(chunks.length).toBeLessThan(9);
    expect(chunks[chunks.length - 2]).toBeGreaterThan(1.5 * chunks[0]);
  });

  it('take more passes of short prompts than of long ones', () => {
    const room = { bytes: 420e6, passes: undefined };
    const [ofShort] = chunksThatFit(BERT_BASE, Array(500).fill({ layer: 0, tokens: 7 }), [], room);
    const [ofLong] = chunksThatFit(BERT_BASE, Array(500).fill({ layer: 0, tokens: 14 }), [], room);
    const half = [7, 14].flatMap(tokens => Array<AskedPass>(250).fill({ layer: 0, tokens }));
    const [ofBoth] = chunksThatFit(BERT_BASE, half, [], room);
    expect(ofShort).toBeGreaterThan(1.8 * ofLong);
    expect(ofBoth).toBe(ofShort);
    expect(chunksThatFit(BERT_BASE, half.reverse(), [], room)[0]).toBe(ofLong);
  });

  it('have one pass at the least, however little room there is', () => {
    expect(chunksThatFit(BERT_BASE, of14(0, 0, 3), [14], { bytes: 1, passes: undefined })).toEqual([
      0, 1, 1, 1,
    ]);
  });

  it('have so many passes where a number is asked for', () => {
    expect(chunksThatFit(BERT_BASE, of14(0, 0, 3, 5), [14], { bytes: 1, passes: 2 })).toEqual([1, 2, 1]);
  });

  it('are one, of none, where there is none', () => {
    expect(chunksThatFit(BERT_BASE, [], [14, 14], { bytes: 1, passes: undefined })).toEqual([0]);
  });
});
