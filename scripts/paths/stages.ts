import { type Level, levelsFor } from '../../src/attribution/levels.js';
import type { Quadrature } from '../../src/attribution/rules.js';

/** Where a layer of a prompt was decided: at so many nodes, or by the rule itself, and after which level. */
export type DecidedAt = `${Level}` | 'rule' | `rule after ${Level}`;

/** All that a rule may be decided at, in the order of their passes. */
export function stagesOf(rule: Quadrature): DecidedAt[] {
  const levels = levelsFor(rule);
  if (levels.length === 0) return ['rule'];
  return [
    ...levels.map(level => `${level}` as const),
    ...levels.map(level => `rule after ${level}` as const),
  ];
}

/**
 * @param passes of one query in one layer: a level with the levels before it has one less than nodes, since alpha = 1 is no pass of its
 *   own, and the rule has all of its own besides
 * @throws RangeError where no stage has so many
 */
export function decidedAt(passes: number, rule: Quadrature): DecidedAt {
  const levels = levelsFor(rule);
  const ofRule = rule.alphas.filter(alpha => alpha !== 1).length;
  if (levels.length === 0 && passes === ofRule) return 'rule';
  for (const level of levels) {
    if (passes === level - 1) return `${level}`;
    if (passes === level - 1 + ofRule) return `rule after ${level}`;
  }
  throw new RangeError(`no stage of ${ofRule} steps has ${passes} passes`);
}

/** Of one layer: how many prompts were decided where, and the points that they took. */
export class StagesOfLayer {
  readonly prompts = new Map<DecidedAt, number>();
  private points = 0;
  private count = 0;

  constructor(private readonly rule: Quadrature) {}

  /** @param passes of one query */
  add(passes: number): void {
    const stage = decidedAt(passes, this.rule);
    this.prompts.set(stage, (this.prompts.get(stage) ?? 0) + 1);
    this.points += passes + 1;
    this.count++;
  }

  /** A prompt's points, alpha = 1 among them. */
  get meanPoints(): number {
    return this.points / this.count;
  }
}
