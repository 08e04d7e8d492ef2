/** The matrix products that scoring prompts really took, counted from its passes and its traces. */
import { type CountedModel, countPoints } from '../../src/attribution/count-operations.js';
import { levelsFor } from '../../src/attribution/levels.js';
import type { Path } from '../../src/attribution/methods.js';
import type { Quadrature } from '../../src/attribution/rules.js';
import type { PassCount } from '../../src/attribution/scores.js';
import type { LanguageModel } from '../../src/model/language-model.js';
import type { Query } from '../../src/model/tokenizer/tokenizer.js';

/** For prompts of so many tokens, how many were traced. */
export type Traced = ReadonlyMap<number, number>;

/** Counts what a model traces from now on: a prompt may be traced anew in a later round of an interpolated path. */
export function countTraces(model: LanguageModel): Traced {
  const traced = new Map<number, number>();
  const trace = model.trace.bind(model);
  model.trace = (batch, site) => {
    const tokens = batch.tokens[0].length;
    traced.set(tokens, (traced.get(tokens) ?? 0) + batch.tokens.length);
    return trace(batch, site);
  };
  return traced;
}

/** How many of each length `after` has more than `before`. */
export function tracedSince(before: Traced, after: Traced): Traced {
  return new Map([...after].map(([tokens, prompts]) => [tokens, prompts - (before.get(tokens) ?? 0)]));
}

/** Whether the pass in which nothing is replaced goes along. */
export function wholeGoesAlong(rule: Quadrature, path: Path): boolean {
  return rule.alphas.includes(1) || (path === 'interpolated' && levelsFor(rule).length > 0);
}

/** @param ofLayers the passes of all of a prompt's queries, by the layer that they begin in; these have as many each */
export interface PromptPasses {
  readonly queries: readonly Query[];
  readonly passes: Pick<PassCount, 'ofLayers'>;
}

/** @param whole whether the pass in which nothing is replaced went along with each query */
export function operationsDone(
  model: CountedModel,
  prompts: readonly PromptPasses[],
  whole: boolean,
  traced: Traced,
): number {
  let operations = 0;
  for (const { queries, passes } of prompts) {
    const points = passes.ofLayers.map(count => count / queries.length);
    for (const { tokens } of queries) {
      const { forward, backward } = countPoints(model, tokens.length, points, whole);
      operations += forward + backward;
    }
  }
  const none = Array.from({ length: model.layers }, () => 0);
  for (const [tokens, count] of traced) operations += count * countPoints(model, tokens, none, false).trace;
  return operations;
}
