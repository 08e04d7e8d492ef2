/** Gradients along made-up paths, whose integrals are known: what a layer's estimate is held against. Seeded. */
import { nodesOf } from '../attribution/levels.js';
import type { PointGradient } from '../attribution/path-gradients.js';
import type { Quadrature } from '../attribution/rules.js';

/** A function of alpha and its antiderivative. */
export interface Shape {
  readonly at: (alpha: number) => number;
  readonly integral: (alpha: number) => number;
}

/** A path of some neurons; g_n(alpha) is the sum of shapes with coefficients of n's own. */
export interface MadeUpPath {
  at(alpha: number): PointGradient;
  /** At the 17 nodes of the highest level. */
  readonly nodes: readonly PointGradient[];
  /** By a rule, in doubles, [neurons]. */
  scores(rule: Quadrature): number[];
}

const logistic = (z: number) => 1 / (1 + Math.exp(-z));

export const shapes = {
  power: (degree: number): Shape => ({
    at: alpha => (2 * alpha - 1) ** degree,
    integral: alpha => (2 * alpha - 1) ** (degree + 1) / (2 * (degree + 1)),
  }),
  exponential: (rate: number): Shape => ({
    at: alpha => Math.exp(rate * alpha - Math.max(rate, 0)),
    integral: alpha => Math.exp(rate * alpha - Math.max(rate, 0)) / rate,
  }),
  /** Poles at `at` plus and minus i times `distance`; 1/(1 + 25 x^2) has them at 0.2. */
  pole: (at: number, distance: number): Shape => ({
    at: alpha => 1 / (1 + ((alpha - at) / distance) ** 2),
    integral: alpha => distance * Math.atan((alpha - at) / distance),
  }),
  /** What P does where it jumps: its slope, with an area of 1. */
  step: (at: number, width: number): Shape => ({
    at: alpha => (logistic((alpha - at) / width) * logistic((at - alpha) / width)) / width,
    integral: alpha => logistic((alpha - at) / width),
  }),
  oscillation: (frequency: number, phase: number): Shape => ({
    at: alpha => Math.cos(frequency * alpha + phase),
    integral: alpha => Math.sin(frequency * alpha + phase) / frequency,
  }),
};

/**
 * @param coefficients [neurons][shapes]
 * @param first P at alpha = 0
 */
export function madeUpPath(
  parts: readonly Shape[],
  coefficients: readonly (readonly number[])[],
  first: number,
): MadeUpPath {
  const gradient = (alpha: number) => {
    const values = parts.map(({ at }) => at(alpha));
    return coefficients.map(ofNeuron => ofNeuron.reduce((sum, c, i) => sum + c * values[i], 0));
  };
  const probability = (alpha: number) =>
    first +
    parts.reduce(
      (sum, { integral }, i) =>
        sum + (integral(alpha) - integral(0)) * coefficients.reduce((all, ofNeuron) => all + ofNeuron[i], 0),
      0,
    );
  const at = (alpha: number) => ({
    probability: Math.fround(probability(alpha)),
    gradient: Float32Array.from(gradient(alpha)),
  });
  return {
    at,
    nodes: nodesOf(17).map(at),
    scores({ alphas, weights }) {
      const sum = coefficients.map(() => 0);
      alphas.forEach((alpha, k) => {
        gradient(alpha).forEach((value, n) => {
          sum[n] += weights[k] * value;
        });
      });
      return sum;
    },
  };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function drawsOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
