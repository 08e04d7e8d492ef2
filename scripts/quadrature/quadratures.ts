import type { Rule } from '../../src/attribution/rules.js';

/** A rule with so many steps. */
export interface AskedQuadrature {
  readonly rule: Rule;
  readonly steps: number;
}

/** What all others are held against: the rule that converges fastest. */
export const REFERENCE: AskedQuadrature = { rule: 'gausslegendre', steps: 200 };

/** The default of kn, which the few steps of another rule are to match. */
export const DEFAULT: AskedQuadrature = { rule: 'riemann_endpoints', steps: 20 };

/** Whether the reference has converged: half its steps, and another rule with as many. */
export const CHECKS: readonly AskedQuadrature[] = [
  { rule: 'gausslegendre', steps: 100 },
  { rule: 'riemann_middle', steps: 200 },
];

export const FEW_STEPS: readonly AskedQuadrature[] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20].map(steps => ({
  rule: 'gausslegendre',
  steps,
}));

export function nameOf({ rule, steps }: AskedQuadrature): string {
  return `${rule} ${steps}`;
}
