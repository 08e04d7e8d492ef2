import { describe, expect, it } from 'vitest';
import { minimumSteps, quadrature, RULES } from './rules.js';

const integral = (rule: (typeof RULES)[number], m: number, f: (x: number) => number) => {
  const { alphas, weights } = quadrature(rule, m);
  return alphas.reduce((sum, alpha, k) => sum + weights[k] * f(alpha), 0);
};

describe('quadrature rules', () => {
  it('have the alphas and weights of the table, for four steps', () => {
    const quarter = [0.25, 0.25, 0.25, 0.25];
    expect(quadrature('riemann_endpoints', 4)).toEqual({ alphas: [0, 1 / 3, 2 / 3, 1], weights: quarter });
    expect(quadrature('riemann_left', 4)).toEqual({ alphas: [0, 0.25, 0.5, 0.75], weights: quarter });
    expect(quadrature('riemann_right', 4)).toEqual({ alphas: [0.25, 0.5, 0.75, 1], weights: quarter });
    expect(quadrature('riemann_middle', 4)).toEqual({
      alphas: [0.125, 0.375, 0.625, 0.875],
      weights: quarter,
    });
    expect(quadrature('riemann_trapezoid', 4)).toEqual({
      alphas: [0, 1 / 3, 2 / 3, 1],
      weights: [0.125, 0.25, 0.25, 0.125],
    });
  });

  it("give numpy.polynomial.legendre.leggauss's nodes and weights, scaled to [0, 1]", () => {
    // numpy 2.4: x, w = leggauss(8); (1 + x) / 2, w / 2
    const alphas = [
      0.019855071751231856, 0.10166676129318664, 0.2372337950418355, 0.40828267875217505, 0.591717321247825,
      0.7627662049581645, 0.8983332387068134, 0.9801449282487681,
    ];
    const weights = [
      0.05061426814518818, 0.11119051722668714, 0.1568533229389437, 0.18134189168918097, 0.18134189168918097,
      0.1568533229389437, 0.11119051722668714, 0.05061426814518818,
    ];
    const rule = quadrature('gausslegendre', 8);
    rule.alphas.forEach((alpha, k) => {
      expect(alpha).toBeCloseTo(alphas[k], 14);
      expect(rule.weights[k]).toBeCloseTo(weights[k], 14);
    });
  });

  it.each([1, 2, 5, 20, 64])(
    'integrate polynomials up to degree 2m-1 exactly with gausslegendre, m = %i',
    m => {
      for (let degree = 0; degree < 2 * m; degree++) {
        expect(integral('gausslegendre', m, x => x ** degree)).toBeCloseTo(1 / (degree + 1), 12);
      }
    },
  );

  it('converge to the integral with more steps, trapezoid after its missing weight', () => {
    for (const rule of RULES)
      expect(Math.abs(integral(rule, 2000, Math.exp) - (Math.E - 1))).toBeLessThan(2e-3);
  });

  it('refuse fewer steps than they are defined for, and fractions', () => {
    expect(() => quadrature('riemann_endpoints', 1)).toThrow(
      'riemann_endpoints takes 2 steps or more, not 1',
    );
    expect(() => quadrature('gausslegendre', 2.5)).toThrow(RangeError);
    for (const rule of RULES)
      expect(quadrature(rule, minimumSteps(rule)).alphas).toHaveLength(minimumSteps(rule));
  });
});
