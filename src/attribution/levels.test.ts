import { describe, expect, it } from 'vitest';
import { LEVELS, levelsFor, nodesOf, placesOf, weightsAtNodes, weightsBetweenNodes } from './levels.js';
import { minimumSteps, quadrature, RULES } from './rules.js';

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const NODES = [1, 2, ...LEVELS];

describe('the nodes of a level', () => {
  it('rise from 0 to 1, both exactly, and lie about the middle', () => {
    for (const level of LEVELS) {
      const x = nodesOf(level);
      expect(x).toHaveLength(level);
      expect([x[0], x[level - 1]]).toEqual([0, 1]);
      x.forEach((node, j) => {
        expect(node).toBeCloseTo((1 - Math.cos((Math.PI * j) / (level - 1))) / 2, 15);
        expect(node + x[level - 1 - j]).toBeCloseTo(1, 15);
        if (j > 0) expect(node).toBeGreaterThan(x[j - 1]);
      });
    }
  });

  it('are among those of every level above, to the last bit, at the places that are told', () => {
    const all = nodesOf(17);
    for (const nodes of NODES) expect(placesOf(nodes).map(place => all[place])).toEqual(nodesOf(nodes));
    for (const [i, level] of LEVELS.entries())
      for (const higher of LEVELS.slice(i))
        expect(placesOf(higher)).toEqual(expect.arrayContaining([...placesOf(level)]));
  });
});

describe('the weights that a rule has at nodes', () => {
  // As many polynomials as nodes: no other weights would do for all of them.
  it.each(RULES.flatMap(rule => [minimumSteps(rule), 5, 20, 33, 100].map(steps => ({ rule, steps }))))(
    'give its own sum for every polynomial of a lower degree than they are: $rule, $steps',
    ({ rule, steps }) => {
      const { alphas, weights } = quadrature(rule, steps);
      for (const nodes of NODES) {
        const x = nodesOf(nodes);
        const atNodes = weightsAtNodes({ alphas, weights }, nodes);
        for (let degree = 0; degree < nodes; degree++) {
          const expected = sum(alphas.map((alpha, k) => weights[k] * alpha ** degree));
          expect(sum(x.map((node, j) => atNodes[j] * node ** degree))).toBeCloseTo(expected, 12);
        }
      }
    },
  );

  it('sum to what the rule has: the trapezoid has less than 1', () => {
    for (const rule of RULES)
      for (const nodes of NODES)
        expect(sum(weightsAtNodes(quadrature(rule, 20), nodes))).toBeCloseTo(
          rule === 'riemann_trapezoid' ? 19 / 20 : 1,
          13,
        );
  });

  it('are the Clenshaw-Curtis weights where the rule is as good as the integral', () => {
    expect(weightsAtNodes(quadrature('gausslegendre', 20), 3)).toEqual(
      [1 / 6, 4 / 6, 1 / 6].map(weight => expect.closeTo(weight, 14)),
    );
    expect(weightsAtNodes(quadrature('gausslegendre', 20), 5)).toEqual(
      [1 / 30, 8 / 30, 12 / 30, 8 / 30, 1 / 30].map(weight => expect.closeTo(weight, 14)),
    );
  });

  it("are the rule's own where its steps are the nodes", () => {
    // riemann_endpoints with 3 steps has 0, 1/2 and 1.
    expect(weightsAtNodes(quadrature('riemann_endpoints', 3), 3)).toEqual(
      [1 / 3, 1 / 3, 1 / 3].map(weight => expect.closeTo(weight, 15)),
    );
  });

  it('enlarge what is wrong with a gradient by 3 times at most', () => {
    for (const rule of RULES)
      for (const steps of [4, 5, 6, 8, 10, 16, 18, 20, 50])
        for (const level of levelsFor(quadrature(rule, steps)))
          expect(sum(weightsAtNodes(quadrature(rule, steps), level).map(Math.abs))).toBeLessThan(3);
  });
});

describe('the weights between nodes', () => {
  it.each(LEVELS)('integrate every polynomial of a lower degree from node to node: %i nodes', level => {
    const x = nodesOf(level);
    const between = weightsBetweenNodes(level, quadrature('gausslegendre', level));
    expect(between).toHaveLength(level - 1);
    between.forEach((weights, k) => {
      for (let degree = 0; degree < level; degree++) {
        const antiderivative = (alpha: number) => alpha ** (degree + 1) / (degree + 1);
        const found = sum(weights.map((weight, j) => weight * x[j] ** degree));
        expect(found).toBeCloseTo(antiderivative(x[k + 1]) - antiderivative(x[k]), 13);
      }
    });
  });
});

describe('the levels of a rule', () => {
  it.each([
    // Of 1 to 6 steps, with which all but those at alpha = 1 are passes.
    ['riemann_endpoints', [undefined, [], [], [3], [3], [3, 5]]],
    ['riemann_left', [[], [], [3], [3], [3, 5], [3, 5]]],
    ['riemann_right', [[], [], [], [3], [3], [3, 5]]],
    ['riemann_middle', [[], [], [3], [3], [3, 5], [3, 5]]],
    ['riemann_trapezoid', [undefined, [], [], [3], [3], [3, 5]]],
    ['gausslegendre', [[], [], [3], [3], [3, 5], [3, 5]]],
  ] as const)('are those with fewer passes than it has: %s', (rule, ofSteps) => {
    ofSteps.forEach((expected, i) => {
      if (expected) expect(levelsFor(quadrature(rule, i + 1))).toEqual(expected);
    });
  });

  it.each(RULES)('never cost more than the rule, and are all there with 20 steps: %s', rule => {
    for (let steps = minimumSteps(rule); steps <= 30; steps++) {
      const passes = quadrature(rule, steps).alphas.filter(alpha => alpha !== 1).length;
      // All nodes but that at alpha = 1 are passes.
      for (const level of levelsFor(quadrature(rule, steps))) expect(level - 1).toBeLessThan(passes);
    }
    expect(levelsFor(quadrature(rule, 20))).toEqual(LEVELS);
  });
});
