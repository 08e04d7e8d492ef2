import { beforeAll, describe, expect, it } from 'vitest';
import { levelWeights } from '../../src/attribution/layer-estimate.js';
import { nodesOf, placesOf } from '../../src/attribution/levels.js';
import type { PointGradient } from '../../src/attribution/path-gradients.js';
import { quadrature } from '../../src/attribution/rules.js';
import { openDataset } from '../../src/dataset/dataset.js';
import { DEMO_DATA, DEMO_MODEL } from '../../src/embedded.js';
import { loadModel } from '../../src/model/load.js';
import { answerIds } from '../../src/model/tokenizer/tokenizer.js';
import { startEngine } from '../../src/runtime/engine.js';
import { barsOfFact, barsOfPrompt } from './bars.js';
import { quantile } from './bars-report.js';

const rule = quadrature('riemann_endpoints', 20);

/** One neuron whose gradient is g, and the rule's own sum of it. */
function layerOf(g: (alpha: number) => number, integral: (alpha: number) => number) {
  const known: PointGradient[] = [];
  nodesOf(17).forEach((alpha, j) => {
    known[placesOf(17)[j]] = { probability: integral(alpha), gradient: Float32Array.of(g(alpha)) };
  });
  const exact = Float64Array.of(rule.alphas.reduce((sum, alpha, k) => sum + rule.weights[k] * g(alpha), 0));
  return { known, exact };
}

describe('how far off a level is', () => {
  it('is nothing where the gradient is a polynomial of lower degree than the level has nodes', () => {
    const square = layerOf(
      alpha => alpha ** 2,
      alpha => alpha ** 3 / 3,
    );
    const bars = barsOfPrompt([square], [3, 5, 9, 17], levelWeights(rule));
    expect(bars.map(({ level }) => level)).toEqual([3, 5, 9, 17]);
    for (const { error, ofBar } of bars) {
      expect(error).toBeLessThan(1e-6);
      expect(ofBar).toBe(0);
    }
  });

  it("is a share of the prompt's highest score, and of the bar", () => {
    const layer = (scale: number) =>
      layerOf(
        alpha => scale * alpha ** 4,
        alpha => (scale * alpha ** 5) / 5,
      );
    const [small, large] = barsOfPrompt([layer(1), layer(10)], [3], levelWeights(rule));
    // The parabola through 0, 1/16 and 1 at 0, 1/2 and 1: (7 x^2 - 3 x) / 4.
    const sum = (f: (alpha: number) => number) =>
      rule.alphas.reduce((total, alpha) => total + f(alpha) / 20, 0);
    const off = Math.abs(sum(x => (7 * x * x - 3 * x) / 4) - sum(x => x ** 4)) / sum(x => x ** 4);
    expect(large.error).toBeCloseTo(off, 5);
    expect(large.ofLayer).toBeCloseTo(off, 5);
    expect(small.error).toBeCloseTo(off / 10, 6);
    expect(small.ofLayer).toBeCloseTo(off, 5);
    expect(large.allowed).toBe(large.bar);
    expect(small.allowed).toBeCloseTo(large.bar / 10, 6);
    expect(large.ofBar * large.bar).toBeCloseTo(off - 2 ** -15 * (1 + off), 4);
  });

  it('is more than the bar where the gradient does what no node shows', () => {
    // Two steps of the rule alone see it, and the probability does not move.
    const hidden = layerOf(
      alpha => (alpha > 0.1 && alpha < 0.1464 ? 10 : 1),
      alpha => alpha,
    );
    const [{ ofBar }] = barsOfPrompt([hidden], [5], levelWeights(rule));
    expect(ofBar).toBeGreaterThan(1e6);
  });
});

describe('the bars of a fact', () => {
  beforeAll(async () => {
    await startEngine('wasm');
  });

  it('are of every prompt, layer and level, with errors that fall from level to level', async () => {
    const { model, tokenizer } = await loadModel(DEMO_MODEL);
    const dataset = await openDataset(DEMO_DATA, { limit: 1 });
    const { prompts, object } = dataset.withPrompts(dataset.facts[0]);
    const answer = answerIds(tokenizer, object);
    const queries = prompts.flatMap(text => tokenizer.ask(text, answer, model.maxTokens));
    const bars = await barsOfFact(model, queries, rule, 'post');
    expect(bars.length).toBe(queries.length * model.layers * 4);
    const median = (level: number) =>
      quantile(
        bars.filter(bar => bar.level === level).map(({ error }) => error),
        0.5,
      );
    expect(median(9)).toBeLessThan(median(5) / 10);
    expect(median(5)).toBeLessThan(median(3) / 2);
    expect(median(17)).toBeLessThan(1e-5);
  });
});

it('quantiles are values that so large a share does not exceed', () => {
  expect([0.5, 0.75, 0.99, 1].map(share => quantile([4, 1, 3, 2], share))).toEqual([2, 3, 4, 4]);
});
