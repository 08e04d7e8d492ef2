import { describe, expect, it } from 'vitest';
import { LEVELS } from '../../src/attribution/levels.js';
import { quadrature } from '../../src/attribution/rules.js';
import { decidedAt, StagesOfLayer, stagesOf } from './stages.js';

describe('where a layer was decided', () => {
  const endpoints = quadrature('riemann_endpoints', 20);

  it('is told by its passes, of which alpha = 1 is none: those of the level, and those of the rule where that ran', () => {
    const passes = [2, 4, 8, 16, 21, 23, 27, 35];
    expect(passes.map(count => decidedAt(count, endpoints))).toEqual(stagesOf(endpoints));
    expect(decidedAt(4 + 20, quadrature('gausslegendre', 20))).toBe('rule after 5');
  });

  it('is never told two ways, whatever the steps', () => {
    for (let steps = 2; steps <= 100; steps++) {
      for (const rule of ['riemann_endpoints', 'riemann_left', 'gausslegendre'] as const) {
        const { alphas, ...rest } = quadrature(rule, steps);
        const stages = stagesOf({ alphas, ...rest });
        const inner = alphas.filter(alpha => alpha !== 1).length;
        const passes = stages.map(stage =>
          stage === 'rule'
            ? inner
            : stage.startsWith('rule')
              ? Number(stage.slice('rule after '.length)) - 1 + inner
              : Number(stage) - 1,
        );
        expect(passes.map(count => decidedAt(count, { alphas, ...rest }))).toEqual(stages);
      }
    }
  });

  it('is the rule where it has no more steps than the first level, and nothing where no stage has so many passes', () => {
    expect(decidedAt(2, quadrature('gausslegendre', 3))).toBe('3');
    expect(decidedAt(2, quadrature('gausslegendre', 2))).toBe('rule');
    expect(stagesOf(quadrature('gausslegendre', 2))).toEqual(['rule']);
    expect(() => decidedAt(5, endpoints)).toThrow(/no stage of 19 steps has 5 passes/);
  });

  it('is counted layer by layer, with the mean of the points', () => {
    const layer = new StagesOfLayer(endpoints);
    for (const passes of [2, 2, 8, 23]) layer.add(passes);
    expect(Object.fromEntries(layer.prompts)).toEqual({ 3: 2, 9: 1, 'rule after 5': 1 });
    expect(layer.meanPoints).toBe((3 + 3 + 9 + 24) / 4);
    expect(LEVELS).toEqual([3, 5, 9, 17]);
  });
});
