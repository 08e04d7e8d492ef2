/** How far off a layer's scores may be, against made-up paths whose scores are known: what the bar holds, and what it cannot see. */
import { describe, expect, it } from 'vitest';
import { drawsOf, type MadeUpPath, madeUpPath, type Shape, shapes } from '../testing/made-up-paths.js';
import { estimateLayer, levelWeights } from './layer-estimate.js';
import { LEVELS, type Level } from './levels.js';
import { quadrature, RULES } from './rules.js';

const OF_RULES = RULES.map(name => ({
  rule: quadrature(name, 20),
  weights: levelWeights(quadrature(name, 20)),
}));
/** What float32 may round away, as src/neurons/undecided.ts has it. */
const ROUNDING = 2 ** -15;

/** The largest score by the rule, how far the estimate is from it, and how far it says that it may be. */
function judge(path: MadeUpPath, level: Level, { rule, weights } = OF_RULES[0]) {
  const exact = path.scores(rule);
  const { scores, bar, largest } = estimateLayer(path.nodes, level, weights);
  const error = Math.max(...exact.map((score, n) => Math.abs(score - scores[n])));
  return { error, bar: bar + ROUNDING * largest, largest: Math.max(...exact.map(Math.abs)) };
}

describe("a layer's estimate", () => {
  it.each(LEVELS)('has the scores of the rule where g is a polynomial that its %i nodes tell', level => {
    const parts = [0, level - 1].map(shapes.power);
    const path = madeUpPath(
      parts,
      [
        [0.01, 0.02],
        [0.03, -0.01],
        [0, 0.01],
      ],
      0.2,
    );
    for (const one of OF_RULES) {
      const { error, largest } = judge(path, level, one);
      expect(error).toBeLessThan(1e-6 * largest);
    }
  });

  it('has their largest without its sign, and is not exact', () => {
    const path = madeUpPath([shapes.power(0)], [[0.01], [-0.03]], 0.2);
    const estimate = estimateLayer(path.nodes, 3, OF_RULES[0].weights);
    expect(estimate.largest).toBeCloseTo(0.03, 8);
    expect(estimate.exact).toBe(false);
    expect(estimate.bar).toBeLessThan(1e-6);
  });

  it('needs all nodes of its level', () => {
    const { nodes } = madeUpPath([shapes.power(0)], [[0.01]], 0.2);
    const few = nodes.map((node, place) => (place % 8 === 0 ? node : undefined));
    expect(estimateLayer(few, 3, OF_RULES[0].weights).scores[0]).toBeCloseTo(0.01, 8);
    expect(() => estimateLayer(few, 5, OF_RULES[0].weights)).toThrow(RangeError);
  });

  it('is not sure of scores that stand still by chance, as one new node makes up for another', () => {
    // Odd about the middle: nodes on its two sides cancel, whatever the weights, and the probability agrees at 9 nodes.
    const odd: Shape = shapes.oscillation(9, -4.5 - Math.PI / 2);
    const path = madeUpPath(
      [shapes.power(0), odd],
      [
        [0.01, 0.01],
        [0.01, 0],
      ],
      0.2,
    );
    expect(judge(path, 5).bar).toBeGreaterThan(1e-4);
  });

  it('of 3 nodes is not the surer, the nearer one new node is by chance to what the ends foretold', () => {
    const path = madeUpPath([1, 2].map(shapes.power), [[0.01, 1e-4]], 0.2);
    expect(judge(path, 3).bar).toBeGreaterThan(5e-5);
    // Two more nodes are no chance any more: what is foretold there has no error but float32's.
    expect(judge(path, 5).bar).toBeLessThan(1e-6);
  });

  it('sees a jump of P between its nodes, where every gradient is quiet', () => {
    // P jumps by 0.3, which three neurons of many make: from 0.4 to 0.44 of the way.
    const jump = shapes.step(8 / 19, 0.005);
    const neurons = Array.from({ length: 500 }, (_, n) => [1e-5, n < 3 ? 0.1 : 0]);
    for (const level of [3, 5, 9] as const) {
      const { error, bar } = judge(madeUpPath([shapes.power(0), jump], neurons, 0.2), level);
      expect(error).toBeGreaterThan(0.05);
      expect(bar).toBeGreaterThan(error);
    }
  });

  it('says that anything may be, where P moves and no gradient does', () => {
    const { nodes } = madeUpPath([shapes.step(0.3, 1e-4)], [[0.1], [0.2]], 0.2);
    expect(estimateLayer(nodes, 3, OF_RULES[0].weights).bar).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes no rounding of P for a jump', () => {
    const path = madeUpPath([shapes.power(0)], [[1e-4], [2e-4]], 0.9);
    const nodes = path.nodes.map(({ probability, gradient }, place) => ({
      probability: probability * (1 + (place % 2 === 0 ? 1 : -1) * 2 ** -17),
      gradient,
    }));
    expect(estimateLayer(nodes, 3, OF_RULES[0].weights).bar).toBeLessThan(1e-6);
  });
});

type Draw = () => number;
const between = (draw: Draw, least: number, most: number) => least + (most - least) * draw();
const FAMILIES: Record<string, (draw: Draw) => Shape> = {
  'polynomials up to degree 12': draw => shapes.power(Math.floor(13 * draw())),
  'exponentials, to e^12': draw => shapes.exponential(between(draw, -12, 12)),
  'poles at 0.1 to 1': draw => shapes.pole(between(draw, -0.2, 1.2), 10 ** between(draw, -1, 0)),
  'poles at 0.02 to 0.1': draw => shapes.pole(between(draw, -0.2, 1.2), 10 ** between(draw, -1.7, -1)),
  'jumps within 0.05 to 0.5': draw => shapes.step(between(draw, -0.1, 1.1), 10 ** between(draw, -1.3, -0.3)),
  'jumps within 0.01 to 0.05': draw => shapes.step(draw(), 10 ** between(draw, -2, -1.3)),
  'oscillations of up to 3 periods': draw => shapes.oscillation(between(draw, 1, 20), 6.3 * draw()),
  'oscillations of 3 to 10 periods': draw => shapes.oscillation(between(draw, 20, 60), 6.3 * draw()),
};

/** Twenty neurons of one to four shapes, with coefficients of their own; P moves by 0.006 to 0.6. */
function drawPath(make: (draw: Draw) => Shape, draw: Draw, beside: Shape | undefined): MadeUpPath {
  const own = Array.from({ length: 1 + Math.floor(4 * draw()) }, () => make(draw));
  const parts = beside ? [...own, beside] : own;
  const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const neurons = Array.from({ length: 20 }, () => parts.map(() => (normal() + 0.5) * Math.exp(normal())));
  const moved = madeUpPath(parts, neurons, 0).nodes.map(({ probability }) => probability);
  const scale = (0.6 * 10 ** between(draw, -2, 0)) / (Math.max(...moved) - Math.min(...moved));
  return madeUpPath(
    parts,
    neurons.map(ofNeuron => ofNeuron.map(c => c * scale)),
    0.3,
  );
}

describe('the bar of drawn paths', () => {
  it.each(Object.entries(FAMILIES))('holds all but few errors, and of those most by far: %s', (_, make) => {
    const draw = drawsOf(1);
    const over: number[] = [0];
    let [count, fooled] = [0, 0];
    for (let i = 0; i < 100; i++) {
      const path = drawPath(make, draw, i % 2 === 0 ? undefined : shapes.power(Math.floor(4 * draw())));
      for (const one of OF_RULES)
        for (const level of LEVELS) {
          const { error, bar, largest } = judge(path, level, one);
          count++;
          if (error > bar) over.push(error / bar);
          // What would be sure and wrong.
          if (error > 2 * bar && bar < 0.1 * largest) fooled++;
        }
    }
    expect.soft((over.length - 1) / count).toBeLessThan(0.01);
    expect.soft(fooled / count).toBeLessThan(0.002);
    expect.soft(Math.max(...over)).toBeLessThan(3);
  });
});

describe('what the bar cannot see', () => {
  const QUIET = Array.from({ length: 20 }, () => [0.01, 0]);

  it('is two neurons that make up for each other between nodes, so that P moves as they are not there', () => {
    const bump = shapes.step(6 / 19, 0.003);
    const neurons = [...QUIET, [0.01, 0.002], [0.01, -0.002]];
    const { error, bar } = judge(madeUpPath([shapes.power(0), bump], neurons, 0.2), 5);
    expect(error).toBeGreaterThan(5e-3);
    expect(bar).toBeLessThan(1e-5);
  });

  it('is a dip of P that is over before the next node: an answer that is overtaken and overtakes again', () => {
    // From 6/19 to 0.34 of the way, between the nodes at 0.146 and 0.5 of 5.
    const [down, up] = [shapes.step(6 / 19, 0.005), shapes.step(0.34, 0.005)];
    const neurons = QUIET.map(([quiet]) => [quiet, -0.01, 0.01]);
    const { error, bar } = judge(madeUpPath([shapes.power(0), down, up], neurons, 0.5), 5);
    expect(error).toBeGreaterThan(5e-3);
    expect(bar).toBeLessThan(1e-5);
  });

  it('is a jump of P that is lost in its rounding', () => {
    const neurons = [...QUIET.map(() => [1e-5, 0]), [1e-5, 1e-5]];
    const { error, bar } = judge(madeUpPath([shapes.power(0), shapes.step(6 / 19, 0.003)], neurons, 0.9), 5);
    expect(error).toBeGreaterThan(1e-5);
    expect(bar).toBeLessThan(1e-8);
  });

  it("is how much of a jump a rule's step meets: one that is far narrower than steps are apart may count many times", () => {
    const neurons = [...QUIET, [0.01, 0.002]];
    const { error, bar } = judge(madeUpPath([shapes.power(0), shapes.step(6 / 19, 1e-4)], neurons, 0.2), 5);
    expect(bar).toBeGreaterThan(1.9e-3);
    expect(error).toBeGreaterThan(50 * bar);
  });
});
