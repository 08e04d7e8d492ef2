/**
 * Perplexity as Dai et al. (2021, section 5) measure it: of a set of prompts it is exp(mean over prompts of -log P(correct
 * answer)), and its log-perplexity the logarithm of that, in nats. An answer of several tokens has the product of their
 * probabilities, so it counts with its sum of -log P.
 */
import { z } from 'zod';
import type { PromptStanding } from '../../intervention/standings.js';
import { mean } from '../../mean.js';

/** A set of prompts, each asked for its own fact's answer. */
export const askedSetSchema = z.object({
  /** The mean over prompts of -log P(answer), in nats. */
  log_perplexity: z.number().min(-1e-6),
  /** Share of the prompts whose answer is the most probable. */
  accuracy: z.number().min(0).max(1),
  prompts: z.int().positive(),
});

export type AskedSet = z.infer<typeof askedSetSchema>;

/** @returns null for no prompts */
export function askedSet(standings: readonly PromptStanding[]): AskedSet | null {
  if (standings.length === 0) return null;
  return {
    log_perplexity: mean(standings.map(({ surprisal }) => surprisal)),
    accuracy: mean(standings.map(({ rank }) => (rank === 1 ? 1 : 0))),
    prompts: standings.length,
  };
}

/** Of some sets, before and after the model was changed. */
export interface PerplexityChange {
  readonly logPerplexity: { readonly before: number; readonly after: number };
  readonly perplexity: { readonly before: number; readonly after: number };
  /** Of the perplexity: after - before. */
  readonly increase: number;
  /** (after - before) / before, a fraction. */
  readonly relativeIncrease: number;
}

/** @param before log-perplexity */
export function perplexityChange(before: number, after: number): PerplexityChange {
  const perplexity = { before: Math.exp(before), after: Math.exp(after) };
  const increase = perplexity.after - perplexity.before;
  return {
    logPerplexity: { before, after },
    perplexity,
    increase,
    relativeIncrease: increase / perplexity.before,
  };
}
