/**
 * Few points of a path that stand for a rule's many: Chebyshev-Lobatto nodes, and what weights a rule has at them.
 *
 * A rule is a fixed linear functional, sum_k w_k g(alpha_k). Of the polynomial that goes through g at nodes x_j it is
 * sum_j W_j g(x_j), with W_j = sum_k w_k L_j(alpha_k) known beforehand (L_j: Lagrange's polynomials). This is an estimate of the
 * rule's number, whatever the rule, and not of the integral (docs/quadrature.md).
 */
import type { Quadrature } from './rules.js';

/** Nodes of each level. Every level has the nodes of those before it: to go on costs the new ones alone. */
export const LEVELS = [3, 5, 9, 17] as const;
export type Level = (typeof LEVELS)[number];

/** Of the highest level. */
const MOST_NODES = 17;

/** The levels that are worth their passes: those with fewer than the rule has. */
export function levelsFor({ alphas }: Quadrature): readonly Level[] {
  const passes = alphas.filter(alpha => alpha !== 1).length;
  return LEVELS.filter(nodes => nodes - 1 < passes);
}

/**
 * The alphas of so many nodes, rising, from 0 to 1: sin^2(pi j / (2 (n - 1))), which is (1 - cos(pi j / (n - 1))) / 2. One node is
 * alpha = 1.
 */
export function nodesOf(nodes: number): readonly number[] {
  if (nodes === 1) return [1];
  return Array.from({ length: nodes }, (_, j) => Math.sin((Math.PI * j) / (2 * (nodes - 1))) ** 2);
}

/** Where a level's nodes are among the highest level's, 0 to 16. */
export function placesOf(nodes: number): readonly number[] {
  if (nodes === 1) return [MOST_NODES - 1];
  const stride = (MOST_NODES - 1) / (nodes - 1);
  return Array.from({ length: nodes }, (_, j) => j * stride);
}

/** W_j = sum_k w_k L_j(alpha_k) for each node j. */
export function weightsAtNodes({ alphas, weights }: Quadrature, nodes: number): number[] {
  const x = nodesOf(nodes);
  const atNodes = x.map(() => 0);
  alphas.forEach((alpha, k) => {
    lagrange(x, alpha).forEach((value, j) => {
      atNodes[j] += weights[k] * value;
    });
  });
  return atNodes;
}

/** A node that a level has and the one before has not. */
export interface NewNode {
  /** Among the level's own. */
  readonly index: number;
  /** What the interpolant of the level before is there: [nodes of that level] weights. */
  readonly foretold: readonly number[];
}

/** The new nodes of a level after one of `before` nodes. */
export function newNodes(nodes: number, before: number): NewNode[] {
  const known = placesOf(before);
  const x = nodesOf(nodes);
  return placesOf(nodes).flatMap((place, index) =>
    known.includes(place) ? [] : [{ index, foretold: lagrange(nodesOf(before), x[index]) }],
  );
}

/** For each pair of neighbours what integrates the interpolant between them: [nodes - 1][nodes] weights. */
export function weightsBetweenNodes(nodes: number, gauss: Quadrature): number[][] {
  const x = nodesOf(nodes);
  return x.slice(1).map((end, k) => {
    const width = end - x[k];
    const between = x.map(() => 0);
    gauss.alphas.forEach((alpha, i) => {
      lagrange(x, x[k] + width * alpha).forEach((value, j) => {
        between[j] += width * gauss.weights[i] * value;
      });
    });
    return between;
  });
}

/**
 * L_j(alpha) for each Chebyshev-Lobatto node x_j, in barycentric form, whose weights are 1 with alternating signs and half at both
 * ends (Berrut and Trefethen, 2004, eq. 5.4).
 */
function lagrange(x: readonly number[], alpha: number): number[] {
  if (x.length === 1) return [1];
  const at = x.indexOf(alpha);
  if (at >= 0) return x.map((_, j) => (j === at ? 1 : 0));
  const terms = x.map((node, j) => {
    const isEnd = j === 0 || j === x.length - 1;
    return ((j % 2 === 0 ? 1 : -1) * (isEnd ? 0.5 : 1)) / (alpha - node);
  });
  const sum = terms.reduce((a, b) => a + b, 0);
  return terms.map(term => term / sum);
}
