/** Facts that have nothing to do with one that is changed: what a change spoils is measured on them. */
import type { Dataset } from '../dataset/dataset.js';
import { dataSource } from '../dataset/sources.js';
import { UserError } from '../errors.js';
import type { AnswerStanding } from '../intervention/distribution.js';
import type { Progress } from '../progress.js';
import { fetchData } from './fetching.js';
import type { KnowledgeNeurons } from './knowledge-neurons.js';
import type { AskedPrompt } from './options.js';
import { type NamedFact, unrelatedSample } from './unrelated-sample.js';

export interface OpenedData {
  readonly name: string;
  readonly dataset: Dataset;
}

/**
 * The data set that unrelated facts are drawn from.
 * @throws UserError where it is not there and cannot be fetched
 */
export async function openData(name: string, causal: boolean, progress: Progress): Promise<OpenedData> {
  const source = dataSource(name);
  try {
    if (!(await source.isHere())) await fetchData(source, progress);
    return { name, dataset: await source.open({}, causal) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      error.message,
      `${error.remedy} It is for the unrelated facts; --unrelated-facts 0 does without.`.trim(),
      { cause: error },
    );
  }
}

/**
 * The prompts of so many unrelated facts, or of as many as there are that the model can be asked.
 * @throws UserError where there is none
 */
export async function askUnrelated(
  kn: KnowledgeNeurons,
  { name, dataset }: OpenedData,
  asked: NamedFact,
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<(readonly AskedPrompt[])[]> {
  const facts: (readonly AskedPrompt[])[] = [];
  for (const key of unrelatedSample(dataset.facts, asked, seed)) {
    if (facts.length === count) break;
    const { prompts } = dataset.withPrompts(key);
    if (prompts.length === 0) continue;
    try {
      facts.push(await kn.ask(prompts, key.object));
    } catch (error) {
      if (!(error instanceof UserError)) throw error; // a prompt that the model does not take, or an answer that it cannot say
    }
  }
  if (facts.length > 0) return facts;
  throw new UserError(
    `${name}: has no unrelated fact that the model can be asked`,
    'Choose other data with --data, or --unrelated-facts 0.',
  );
}

/** How their answers stand in the model as it is, for each fact and prompt. */
export async function standingsOfUnrelated(
  kn: KnowledgeNeurons,
  facts: readonly (readonly AskedPrompt[])[],
  progress: Progress,
): Promise<AnswerStanding[][]> {
  const standings: AnswerStanding[][] = [];
  for (const [done, prompts] of facts.entries()) {
    progress.show('unrelated facts', { done: done + 1, total: facts.length, text: '' });
    standings.push(await kn.standings(prompts));
  }
  progress.stop();
  return standings;
}
