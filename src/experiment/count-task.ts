import type { LanguageModel } from '../model/language-model.js';
import type { Tokenizer } from '../model/tokenizer.js';
import { type FindOptions, findNeurons } from '../neurons/find.js';
import { countPrompts } from '../neurons/prompt-counts.js';
import { type AskedFact, askFact, type Batches, type FactTask } from './fact-task.js';
import type { FactRecord } from './record.js';
import type { TunedFinding } from './stages.js';

/** A fact whose neurons are to be counted over its prompts, before its relation decides which of them are shared enough. */
export interface CountTask extends Pick<FactTask, 'uuid' | 'site' | 'continuation'> {
  readonly fact: AskedFact;
  readonly counting: TunedFinding;
}

/** Counts in how many prompts each neuron is coarse. Those in too few for any share are not kept. */
export async function runCountTask(
  model: LanguageModel,
  tokenizer: Tokenizer,
  { uuid, fact, site, continuation, counting }: CountTask,
  batches: Batches,
): Promise<FactRecord> {
  const queries = await askFact(model, tokenizer, fact, continuation);
  const count = async (options: FindOptions) => {
    const { prompts } = await findNeurons(model, queries, { ...options, ...batches, site });
    return countPrompts(prompts.map(({ coarse }) => coarse))
      .filter(([, , count]) => count >= (options.leastPrompts ?? 1))
      .map(([layer, index, count]): [number, number, number] => [layer, index, count]);
  };
  const knowledge = await count(counting.knowledge);
  const baseline = await count(counting.baseline);
  return { uuid, counts: { prompts: fact.prompts.length, knowledge, baseline } };
}
