import type { LanguageModel } from '../../model/language-model.js';
import type { Query, Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { type FindOptions, findNeuronsBy } from '../../neurons/find.js';
import { countPrompts } from '../../neurons/prompt-counts.js';
import type { TunedFinding } from '../run/finding.js';
import { type Passes, passesOn } from '../run/gathered-passes.js';
import { type Batches, sideBySide } from '../run/task.js';
import { passesIn } from './passes-saved.js';
import type { FactRecord } from './record.js';
import { silentIn } from './silent-prompts.js';
import { type AskedFact, askFact, type FactTask } from './task.js';

/** A fact whose neurons are to be counted over its prompts, before its relation decides which of them are shared enough. */
export interface CountTask extends Pick<FactTask, 'uuid' | 'site' | 'continuation' | 'negatives'> {
  readonly fact: AskedFact;
  readonly counting: TunedFinding;
}

/**
 * Counts in how many prompts each neuron is coarse. Those in too few for any share are not kept, nor are those that a negative
 * prompt rules out as knowledge neurons.
 */
export async function runCountTask(
  model: LanguageModel,
  tokenizer: Tokenizer,
  { uuid, fact, site, continuation, negatives, counting }: CountTask,
  batches: Batches,
  passes: Passes = passesOn(model, batches.batchBytes),
): Promise<FactRecord> {
  const ask = (prompts: readonly string[]) =>
    askFact(model, tokenizer, { object: fact.object, prompts }, continuation);
  const queries = await ask(fact.prompts);
  const count = async (options: FindOptions, negatives: readonly (readonly Query[])[]) => {
    const found = await findNeuronsBy(passes.score, queries, {
      ...options,
      ...batches,
      site,
      negatives,
      keepScores: false,
    });
    const ruledOut = new Set(found.negatives.flatMap(({ coarse }) => coarse.map(String)));
    const counts = countPrompts(found.prompts.map(({ coarse }) => coarse))
      .filter(([layer, index, count]) => {
        return count >= (options.leastPrompts ?? 1) && !ruledOut.has(String([layer, index]));
      })
      .map(([layer, index, count]): [number, number, number] => [layer, index, count]);
    return { found, counts };
  };
  const knowledge = await count(counting.knowledge, await ask(negatives));
  const baseline = await count(counting.baseline, []);
  return {
    uuid,
    counts: { prompts: fact.prompts.length, knowledge: knowledge.counts, baseline: baseline.counts },
    ...silentIn(knowledge.found, baseline.found),
    ...passesIn(knowledge.found),
  };
}

export const COUNT_TASK = sideBySide('runCount', runCountTask);
