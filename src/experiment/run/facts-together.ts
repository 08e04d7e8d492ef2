/**
 * How many facts of a list go through a model side by side, sharing batches (gathered-passes.ts).
 *
 * Which do depends on the list, the model's shape and the kind of device alone, never on how many workers there are or on what is done
 * already: libtensorflow and GPUs may sum a larger product in another order, and so a fact's numbers, which have the last bit that its
 * company gives them, are the same in every session.
 */
import { countOperations } from '../../attribution/count-operations.js';
import type { ModelConfig } from '../../model/config.js';

/**
 * One of PARAREL's facts has 8.2 prompts of 3.2 lengths, sixteen neighbours 131 of 8.4: which at bert-base's shape
 * fill the most that a GPU's batch may take (runtime/worker-plan.ts).
 */
const MOST_TOGETHER = 16;

/** Into so many calls the work is divided at least, so that all workers have something to do. */
const FEWEST_CALLS = 8;

/**
 * In operations of products: on a processor a call takes seconds, since what is in it is lost where the run is ended, and the facts of a
 * large model fill its batches by themselves. By the count, sixteen facts of a model like bert-mini, and one of bert-base.
 */
const MOST_OPERATIONS = 2e12;

/** Of a fact, which it is reckoned by. */
const [PROMPTS, TOKENS] = [8, 14];

/** @param facts of the list */
export function factsTogether(facts: number, config: ModelConfig, onGpu: boolean): number {
  const most = Math.max(1, Math.min(MOST_TOGETHER, Math.ceil(facts / FEWEST_CALLS)));
  if (onGpu) return most;
  const tokens = Math.min(TOKENS, config.maxTokens);
  const operations = PROMPTS * countOperations(config, tokens, 'riemann_endpoints', 20).total;
  return Math.max(1, Math.min(most, Math.floor(MOST_OPERATIONS / operations)));
}
