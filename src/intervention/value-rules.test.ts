import { describe, expect, it } from 'vitest';
import { edited, erased, LAMBDAS, meanEmbedding } from './value-rules.js';

// Of lengths 5, 13 and 25, so that every quotient can be done by hand.
const value = Float32Array.of(3, 4);
const original = Float32Array.of(5, 12);
const target = Float32Array.of(7, 24);

describe('erasing', () => {
  it('makes zeros of a value, or what is given', () => {
    expect(erased()(value)).toEqual(Float32Array.of(0, 0));
    expect(erased(original)(value)).toEqual(original);
  });
});

describe("EleutherAI's rule", () => {
  it('takes two embeddings of the original away, and adds two of the target', () => {
    const rule = edited('eleutherai', LAMBDAS.eleutherai, original, target);
    expect(rule(value)).toEqual(Float32Array.of(3 - 10 + 14, 4 - 24 + 48));
  });
});

describe("the paper's rule", () => {
  it("scales both embeddings to the value's own length, then by 1 and by 8", () => {
    const rule = edited('paper', LAMBDAS.paper, original, target);
    expect(rule(value)).toEqual(
      Float32Array.of(3 - (5 / 13) * 5 + 8 * (5 / 25) * 7, 4 - (5 / 13) * 12 + 8 * (5 / 25) * 24),
    );
  });

  it('leaves a value of zeros as it is, and is not hurt by an embedding of zeros', () => {
    const zeros = Float32Array.of(0, 0);
    expect(edited('paper', LAMBDAS.paper, original, target)(zeros)).toEqual(zeros);
    expect(edited('paper', { lambda1: 1, lambda2: 0 }, zeros, target)(value)).toEqual(value);
  });
});

describe('the embedding of an answer of several tokens', () => {
  it('is the mean of theirs', () => {
    expect([...meanEmbedding([original])]).toEqual([5, 12]);
    expect([...meanEmbedding([original, target])]).toEqual([6, 18]);
  });
});
