import type { AnswerStanding } from '../intervention/distribution.js';
import { meanIfAny } from '../mean.js';

/** How the answer to one prompt stands before a change of the model and after it. */
export interface StandingChange {
  readonly before: AnswerStanding;
  readonly after: AnswerStanding;
}

/** What a change did to facts that it was not about. */
export interface SideEffects {
  readonly facts: number;
  readonly prompts: number;
  /**
   * Mean over the facts of the mean over a fact's prompts of (after - before) / before, as in a run's summary; null where
   * every probability before is 0 in float32.
   */
  readonly change: number | null;
  /** Shares of the prompts whose answer is the most probable. */
  readonly answeredBefore: number;
  readonly answeredAfter: number;
  /** Of the prompts answered before, the share that is answered after; null where there is none. */
  readonly stillAnswered: number | null;
  /** Mean over the prompts of -ln P(answer) (the authors' code, src/6_edit_knowledge_sampled.py). */
  readonly logPerplexityBefore: number;
  readonly logPerplexityAfter: number;
}

/** The smallest positive float32: what a probability of 0 was at most, when its logarithm is taken. */
const SMALLEST = 2 ** -149;

/** @param facts each fact's prompts; one fact or more, each of one prompt or more */
export function sideEffects(facts: readonly (readonly StandingChange[])[]): SideEffects {
  const prompts = facts.flat();
  const answered = prompts.filter(({ before }) => before.rank === 1);
  const logPerplexity = (when: keyof StandingChange) =>
    meanIfAny(prompts.map(prompt => -Math.log(Math.max(prompt[when].probability, SMALLEST)))) ?? 0;
  const share = (of: readonly StandingChange[], when: keyof StandingChange) =>
    meanIfAny(of.map(prompt => (prompt[when].rank === 1 ? 1 : 0)));
  const changes = facts
    .map(ofFact => meanIfAny(ofFact.filter(({ before }) => before.probability > 0).map(relativeChange)))
    .filter(change => change !== null);
  return {
    facts: facts.length,
    prompts: prompts.length,
    change: meanIfAny(changes),
    answeredBefore: share(prompts, 'before') ?? 0,
    answeredAfter: share(prompts, 'after') ?? 0,
    stillAnswered: share(answered, 'after'),
    logPerplexityBefore: logPerplexity('before'),
    logPerplexityAfter: logPerplexity('after'),
  };
}

function relativeChange({ before, after }: StandingChange): number {
  return after.probability / before.probability - 1;
}
