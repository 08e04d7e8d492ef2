/** How much is computed for a query, on average: what a plan estimates its work by. */
import { countOperations, countPoints } from '../../attribution/count-operations.js';
import type { AskedMethod } from '../../attribution/methods.js';
import { quadrature } from '../../attribution/rules.js';
import type { FactKey } from '../../dataset/fact.js';
import type { ExperimentData } from './experiment.js';

/** Prompts are tokenised to know their length; of all facts that would take longer than it is worth. */
const FACTS_LOOKED_AT = 100;

/** Floating-point operations in matrix products. */
export interface OperationsOfQuery {
  /** To score its neurons, with whatever it takes by a method. */
  readonly scoring: (method: AskedMethod) => number;
  /** A whole pass through the model: one that resumes takes less. */
  readonly pass: number;
}

/** Of an interpolated path about: a trained model's early layers take fewer, its late ones more (docs/quadrature.md). */
const PASSES_OF_INTERPOLATED = 4;

/** The passes of one layer that start from a trace, for a plan. */
export function passesOfLayer(method: AskedMethod): number {
  if (!('rule' in method)) return 0;
  // Where alpha is 1, nothing is replaced.
  const ofRule = quadrature(method.rule, method.steps).alphas.filter(alpha => alpha !== 1).length;
  return method.path === 'exact' ? ofRule : Math.min(ofRule, PASSES_OF_INTERPOLATED);
}

/** Whether the pass in which nothing is replaced goes along. */
function needsWhole(method: AskedMethod): boolean {
  if (!('rule' in method) || method.path !== 'exact') return true;
  return quadrature(method.rule, method.steps).alphas.includes(1);
}

/** @param facts that can be asked; those looked at are spread evenly over them */
export function operationsOfQuery(
  facts: readonly FactKey[],
  { dataset, tokenizer, config }: Pick<ExperimentData, 'dataset' | 'tokenizer' | 'config'>,
): OperationsOfQuery {
  const counts = new Map<number, number>();
  const stride = Math.ceil(facts.length / FACTS_LOOKED_AT);
  for (let i = 0; i < facts.length; i += stride) {
    for (const prompt of dataset.withPrompts(facts[i]).prompts) {
      const found = tokenizer.lookUp(facts[i].object, prompt);
      if ('problem' in found) continue;
      for (const { tokens } of tokenizer.ask(prompt, found.ids, config.maxTokens))
        counts.set(tokens.length, (counts.get(tokens.length) ?? 0) + 1);
    }
  }
  const meanOf = (operations: (tokens: number) => number) => {
    const queries = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const sum = [...counts].reduce((sum, [tokens, count]) => sum + count * operations(tokens), 0);
    return queries === 0 ? 0 : sum / queries;
  };
  const pass = meanOf(tokens => countOperations(config, tokens, 'riemann_right', 1).trace);
  return {
    pass,
    scoring: method => {
      if (method.method === 'activation') return pass;
      const points = Array.from({ length: config.layers }, () => passesOfLayer(method));
      return meanOf(tokens => countPoints(config, tokens, points, needsWhole(method)).total);
    },
  };
}
