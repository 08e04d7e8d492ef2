/**
 * What a few points of a layer's path say about its scores by a rule, and how far that may be off.
 *
 * Three things are known of the error of level n without another pass.
 *
 * - How scores moved from level to level. Where g is analytic, the error of a level's interpolant falls as rho^-n, so that what is
 *   left of the last move is made smaller once more by as much as it was smaller than the move before, or by more.
 * - How far g was, at the new nodes, from what the level before foretold there. A score may stay where it is by chance, as what is
 *   added at one new node is taken away at the next; this cannot. It falls as rho^-n/2, and its square is what is left.
 * - The probabilities. Along the path dP/dalpha is the sum of g over the neurons: between two nodes its interpolant must integrate to
 *   the difference of P, which the passes gave. A step of P that lies between two nodes, where every score looks quiet, shows there.
 *
 * All are of the layer as a whole. docs/quadrature.md has how often and how far they were off, from which the factors come.
 */
import { LEVELS, type Level, newNodes, placesOf, weightsAtNodes, weightsBetweenNodes } from './levels.js';
import type { PointGradient } from './path-gradients.js';
import { type Quadrature, quadrature } from './rules.js';

/** Scores of one layer for one prompt, by a rule or close to it. */
export interface LayerEstimate {
  /** [intermediateSize]. */
  readonly scores: Float32Array;
  /** The largest of them, without signs. */
  readonly largest: number;
  /** How far any of them may be from the rule's; 0 where the rule itself was computed. */
  readonly bar: number;
  /** Whether the rule itself was. */
  readonly exact: boolean;
}

/** The points that are known of a layer's path, by their place among 17 nodes. */
export type KnownNodes = readonly (PointGradient | undefined)[];

/** The bar is this many times what is left to move; docs/quadrature.md has how much of it errors took, and one that was beyond. */
const SAFETY = 2;

/** How much more than the disagreement of the probabilities a score may be off, as a share of the layer's largest. */
const OF_DISAGREEMENT = 8;

/**
 * Probabilities differ by as much from pass to pass by float32's rounding alone, as a share of them: logits of 30 have an absolute
 * error of 3e-5.
 */
const ROUNDING_OF_PROBABILITY = 2 ** -15;

/** What is computed once for a rule: the weights of each level, and of those below, that its error is told by. */
export type LevelWeights = ReadonlyMap<number, readonly number[]>;

/** The numbers of nodes that a level's error is told by: its own and the two before. */
const NODES = [1, 2, ...LEVELS];

const NEW_NODES = new Map(NODES.slice(1).map((nodes, i) => [nodes, newNodes(nodes, NODES[i])]));

const BETWEEN = new Map(
  LEVELS.map(level => [level, weightsBetweenNodes(level, quadrature('gausslegendre', level))]),
);

export function levelWeights(rule: Quadrature): LevelWeights {
  return new Map(NODES.map(nodes => [nodes, weightsAtNodes(rule, nodes)]));
}

/** @param nodes all of `level`'s are known */
export function estimateLayer(nodes: KnownNodes, level: Level, weights: LevelWeights): LayerEstimate {
  const [own, before, twoBefore] = [0, 1, 2].map(back => NODES[NODES.indexOf(level) - back]);
  const [scores, ...earlier] = [own, before, twoBefore].map(count =>
    weightedSum(nodes, placesOf(count), weights.get(count) ?? []),
  );
  const moved = [distance(scores, earlier[0]), distance(earlier[0], earlier[1])] as const;
  const surprised = [surprise(nodes, own, weights), surprise(nodes, before, weights)] as const;
  const left = Math.max(
    moved[0] * Math.max(LEAST_SHRINKING.get(level) ?? 0, shrinking(moved)),
    surprised[0] * Math.max(LEAST_SHRINKING.get(level) ?? 0, shrinking(surprised)) ** 2,
  );
  const largest = largestOf(scores);
  const bar = Math.max(SAFETY * left, disagreement(nodes, level, largest));
  return { scores: Float32Array.from(scores), largest, bar, exact: false };
}

/**
 * What moves are taken to shrink by at the most, where a single new node may be by chance where it was foretold: at three nodes nothing else
 * is known, and at five the move before was of one.
 */
const LEAST_SHRINKING: ReadonlyMap<Level, number> = new Map([
  [3, 1 / 2],
  [5, 1 / 16],
]);

/** By how much a move is smaller than the one before. */
function shrinking([last, earlier]: readonly [number, number]): number {
  return last === 0 ? 0 : Math.min(1, last / earlier);
}

/** sum_j W_j g(x_j), in doubles. */
function weightedSum(nodes: KnownNodes, places: readonly number[], weights: readonly number[]): Float64Array {
  const sum = new Float64Array(gradientAt(nodes, places[0]).length);
  places.forEach((place, j) => {
    const gradient = gradientAt(nodes, place);
    const weight = weights[j];
    for (let n = 0; n < sum.length; n++) sum[n] += weight * gradient[n];
  });
  return sum;
}

/** Without signs. A loop, since a call for each of 3,072 neurons of every layer takes longer than the rest of this file. */
function largestOf(values: Float64Array): number {
  let largest = 0;
  for (let n = 0; n < values.length; n++) largest = Math.max(largest, Math.abs(values[n]));
  return largest;
}

function distance(a: Float64Array, b: Float64Array): number {
  let largest = 0;
  for (let n = 0; n < a.length; n++) largest = Math.max(largest, Math.abs(a[n] - b[n]));
  return largest;
}

function sumOf(values: Float32Array): number {
  let sum = 0;
  for (let n = 0; n < values.length; n++) sum += values[n];
  return sum;
}

/**
 * The most that a neuron's score would have moved at a level's new nodes, had none made up for another: its gradients there, less what
 * the level before foretold, without signs.
 */
function surprise(nodes: KnownNodes, count: number, weights: LevelWeights): number {
  const known = placesOf(NODES[NODES.indexOf(count) - 1]).map(place => gradientAt(nodes, place));
  const sum = new Float64Array(known[0].length);
  for (const { index, foretold } of NEW_NODES.get(count) ?? []) {
    const weight = Math.abs(weights.get(count)?.[index] ?? 0);
    const gradient = gradientAt(nodes, placesOf(count)[index]);
    for (let n = 0; n < sum.length; n++) {
      let difference = gradient[n];
      for (let j = 0; j < known.length; j++) difference -= foretold[j] * known[j][n];
      sum[n] += weight * Math.abs(difference);
    }
  }
  return largestOf(sum);
}

/**
 * How far the interpolated gradients are from adding up to the probabilities between two nodes: as a share of what they add up to, of
 * the layer's largest score, but at least as much as one neuron's score would be off if it alone made up for it.
 */
function disagreement(nodes: KnownNodes, level: Level, largest: number): number {
  const places = placesOf(level);
  const slopes = places.map(place => sumOf(gradientAt(nodes, place)));
  const probabilities = places.map(place => known(nodes[place]).probability);
  const rounding = ROUNDING_OF_PROBABILITY * Math.max(...probabilities);
  const whole = places.map(() => 0);
  let worst = 0;
  (BETWEEN.get(level) ?? []).forEach((weights, k) => {
    const integral = weights.reduce((sum, weight, j) => sum + weight * slopes[j], 0);
    worst = Math.max(worst, Math.abs(integral - (probabilities[k + 1] - probabilities[k])) - rounding);
    weights.forEach((weight, j) => {
      whole[j] += weight;
    });
  });
  if (worst <= 0) return 0;
  const total = whole.reduce((sum, weight, j) => sum + Math.abs(weight * slopes[j]), 0);
  return total === 0
    ? Number.POSITIVE_INFINITY
    : Math.max(OF_DISAGREEMENT * (worst / total) * largest, worst);
}

function gradientAt(nodes: KnownNodes, place: number): Float32Array {
  return known(nodes[place]).gradient;
}

function known(node: PointGradient | undefined): PointGradient {
  if (!node) throw new RangeError('a node that is not known');
  return node;
}
