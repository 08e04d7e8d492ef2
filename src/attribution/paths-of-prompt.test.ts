/** Which points a prompt asks for on its way up. */
import { expect, it } from 'vitest';
import { madeUpPath, type Shape, shapes } from '../testing/made-up-paths.js';
import { levelWeights } from './layer-estimate.js';
import { PathsOfPrompt, type Stage } from './paths-of-prompt.js';
import { quadrature } from './rules.js';

const RULE = quadrature('riemann_endpoints', 20);
const STAGES: readonly Stage[] = [3, 5, 9, 17, 'rule'];
const CLIMB = { rule: RULE, weights: levelWeights(RULE), stages: STAGES };

/** One layer of one neuron goes on to the end: how many points it asks for in each round. */
function pointsOfRounds(shape: Shape, climb = CLIMB): number[] {
  const path = madeUpPath([shape], [[0.01]], 0.2);
  const prompt = new PathsOfPrompt([{ tokens: [1], position: 0, answer: 0 }], climb, [3], 1);
  const whole = path.at(1);
  prompt.takeWhole(0, { probability: whole.probability, gradients: [whole.gradient] });
  const rounds: number[] = [];
  for (;;) {
    const [points] = prompt.asked();
    if (points.length === 0) return rounds;
    for (const { alpha, take } of points) take(path.at(alpha));
    rounds.push(points.length);
    if (prompt.estimate()[0].exact) return rounds;
    prompt.raise(0, 'further');
  }
}

it('goes from level to level, and keeps the points that it has', () => {
  expect(pointsOfRounds(shapes.exponential(2))).toEqual([2, 2, 4, 8, 19]);
});

it('goes from nine points straight to the rule where P jumps, since seventeen would decide nothing', () => {
  expect(pointsOfRounds(shapes.step(0.6, 0.02))).toEqual([2, 2, 4, 19]);
});

it('tries seventeen even there before a rule of many steps', () => {
  const rule = quadrature('riemann_endpoints', 100);
  const climb = { rule, weights: levelWeights(rule), stages: STAGES };
  expect(pointsOfRounds(shapes.step(0.6, 0.02), climb)).toEqual([2, 2, 4, 8, 99]);
});

it.each([
  ['exactly', 'further'],
  ['further', 'exactly'],
  ['further', 'further'],
] as const)('sends two layers on in one round, %s and %s', (...hows) => {
  const path = madeUpPath([shapes.exponential(2)], [[0.01]], 0.2);
  const prompt = new PathsOfPrompt([{ tokens: [1], position: 0, answer: 0 }], CLIMB, [3, 3], 1);
  const { probability, gradient } = path.at(1);
  prompt.takeWhole(0, { probability, gradients: [gradient, gradient] });
  const takePoints = () => {
    for (const { alpha, take } of prompt.asked()[0]) take(path.at(alpha));
  };
  takePoints();
  hows.forEach((how, layer) => {
    prompt.raise(layer, how);
  });
  takePoints();
  const [score] = path.scores(RULE);
  hows.forEach((how, layer) => {
    const { exact, scores } = prompt.estimate()[layer];
    expect(exact).toBe(how === 'exactly');
    expect(Math.abs(scores[0] / score - 1)).toBeLessThan(1e-3);
  });
});
