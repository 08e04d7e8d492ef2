/**
 * Quadrature rules for the integral of integrated gradients (Sundararajan et al., 2017, eq. 1, from alpha = 0 to
 * 1), under the names that Captum gives them in captum/attr/_utils/approximation_methods.py.
 */

export const RULES = [
  'riemann_endpoints',
  'riemann_left',
  'riemann_right',
  'riemann_middle',
  'riemann_trapezoid',
  'gausslegendre',
] as const;

export type Rule = (typeof RULES)[number];

/** The integral of f over [0, 1] is taken as the sum of weights[k] f(alphas[k]). */
export interface Quadrature {
  readonly alphas: readonly number[];
  readonly weights: readonly number[];
}

/** The fewest steps that a rule is defined for. */
export function minimumSteps(rule: Rule): number {
  return rule === 'riemann_endpoints' || rule === 'riemann_trapezoid' ? 2 : 1;
}

/**
 * Alphas and weights of `rule` with m steps.
 *
 * | rule | alpha_k | w_k | who uses it |
 * | --- | --- | --- | --- |
 * | riemann_endpoints | k / (m-1), k = 0 .. m-1 | 1/m | EleutherAI/knowledge-neurons |
 * | riemann_left | k / m, k = 0 .. m-1 | 1/m | Dai et al.'s code |
 * | riemann_right | k / m, k = 1 .. m | 1/m | Dai et al., eq. 3 |
 * | riemann_middle | (k + 1/2) / m | 1/m | Captum |
 * | riemann_trapezoid | k / (m-1) | 1/m, half at both ends | Captum |
 * | gausslegendre | roots of the Legendre polynomial P_m, scaled | theirs, halved | Captum's default |
 *
 * The weights of `riemann_trapezoid` sum to (m-1)/m, not to 1: so it is in Captum, whose numbers it gives.
 * @throws RangeError where m is under {@link minimumSteps} or no integer
 */
export function quadrature(rule: Rule, m: number): Quadrature {
  if (!Number.isInteger(m) || m < minimumSteps(rule)) {
    throw new RangeError(`${rule} takes ${minimumSteps(rule)} steps or more, not ${m}`);
  }
  const steps = Array.from({ length: m }, (_, k) => k);
  const equal = steps.map(() => 1 / m);
  switch (rule) {
    case 'riemann_endpoints':
      return { alphas: steps.map(k => k / (m - 1)), weights: equal };
    case 'riemann_left':
      return { alphas: steps.map(k => k / m), weights: equal };
    case 'riemann_right':
      return { alphas: steps.map(k => (k + 1) / m), weights: equal };
    case 'riemann_middle':
      return { alphas: steps.map(k => (k + 0.5) / m), weights: equal };
    case 'riemann_trapezoid':
      return {
        alphas: steps.map(k => k / (m - 1)),
        weights: equal.map((w, k) => (k === 0 || k === m - 1 ? w / 2 : w)),
      };
    case 'gausslegendre':
      return gaussLegendre(m);
  }
}

/**
 * Gauss-Legendre nodes and weights on [0, 1]: numpy.polynomial.legendre.leggauss(m) scaled. Newton's iteration
 * on P_m from the usual first guess (Press et al., Numerical Recipes, section 4.6).
 */
function gaussLegendre(m: number): Quadrature {
  const nodes = Array.from({ length: m }, (_, k) => {
    let x = -Math.cos((Math.PI * (k + 0.75)) / (m + 0.5));
    for (let iteration = 0; iteration < 100; iteration++) {
      const { value, slope } = legendre(m, x);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-16) break;
    }
    const { slope } = legendre(m, x);
    return { x, weight: 2 / ((1 - x * x) * slope * slope) };
  });
  return { alphas: nodes.map(({ x }) => (1 + x) / 2), weights: nodes.map(({ weight }) => weight / 2) };
}

/** P_m(x) and P_m'(x) by the three-term recurrence. */
function legendre(m: number, x: number): { value: number; slope: number } {
  let previous = 0;
  let value = 1;
  for (let k = 1; k <= m; k++) {
    [previous, value] = [value, ((2 * k - 1) * x * value - (k - 1) * previous) / k];
  }
  return { value, slope: (m * (x * value - previous)) / (x * x - 1) };
}
