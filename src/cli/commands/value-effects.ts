/** What a change of values does: to the fact, to the fact in other words, and to facts that it is not about. */
import { type Dataset, openDataset } from '../../dataset/dataset.js';
import { UserError } from '../../errors.js';
import {
  type AnswerStanding,
  type Distribution,
  standingOf,
  standingOfTokens,
} from '../../intervention/distribution.js';
import { intervene } from '../../intervention/intervene.js';
import { type Prediction, predictionOf } from '../../intervention/prediction.js';
import { type SideEffects, type StandingChange, sideEffects } from '../../library/side-effects.js';
import { type AskedFact, unrelatedSample } from '../../library/unrelated-sample.js';
import { askPrompts } from '../../model/continuation.js';
import type { Continuation } from '../../model/continuation-names.js';
import { ofEachPrompt } from '../../model/prompt-batches.js';
import type { Query } from '../../model/tokenizer/tokenizer.js';
import { withinMemory } from '../../runtime/batch-memory.js';
import type { DataOptions, ModelOptions } from '../options/options.js';
import type { Progress } from '../output/progress.js';
import { findData } from './locate.js';
import type { OneFact } from './one-fact.js';

/** A prompt as it asks for each answer whose fate is shown. */
export interface AskedPrompt {
  readonly prompt: string;
  readonly answer: readonly Query[];
  /** For an edit, the new answer. */
  readonly target?: readonly Query[];
}

export interface ValuePrediction extends Prediction {
  readonly target?: AnswerStanding;
}

/** An unrelated fact's prompts. */
export type AskedUnrelated = readonly (readonly Query[])[];

/** What the model as it is makes of prompts. */
export async function predictionsOf(
  fact: OneFact,
  prompts: readonly AskedPrompt[],
): Promise<ValuePrediction[]> {
  const predictions: ValuePrediction[] = [];
  for (const { answer, target } of prompts) {
    const prediction = predictionOf(fact.tokenizer, answer, await distributionsOf(fact, answer));
    predictions.push({ ...prediction, ...(target && { target: await standingNow(fact, target) }) });
  }
  return predictions;
}

/** How unrelated facts' answers stand in the model as it is, for each fact and prompt. */
export async function standingsOf(
  fact: OneFact,
  unrelated: readonly AskedUnrelated[],
): Promise<AnswerStanding[][]> {
  const standings: AnswerStanding[][] = [];
  for (const [done, prompts] of unrelated.entries()) {
    fact.progress.show('unrelated facts', { done: done + 1, total: unrelated.length, text: '' });
    const distributions = await distributionsOf(fact, prompts.flat());
    standings.push(
      ofEachPrompt(prompts, distributions).map((own, prompt) =>
        standingOfTokens(prompts[prompt].map(({ answer }, i) => standingOf(answer, own[i]))),
      ),
    );
  }
  fact.progress.stop();
  return standings;
}

export function sideEffectsOf(
  before: readonly AnswerStanding[][],
  after: readonly AnswerStanding[][],
): SideEffects {
  return sideEffects(
    before.map((ofFact, f) =>
      ofFact.map((standing, p): StandingChange => ({ before: standing, after: after[f][p] })),
    ),
  );
}

async function standingNow(fact: OneFact, queries: readonly Query[]): Promise<AnswerStanding> {
  const distributions = await distributionsOf(fact, queries);
  return standingOfTokens(queries.map(({ answer }, i) => standingOf(answer, distributions[i])));
}

async function distributionsOf(fact: OneFact, queries: readonly Query[]): Promise<Distribution[]> {
  const found = await withinMemory(fact.batchMemory, fact.device, batchBytes =>
    intervene(fact.model, queries, [], [], { batchBytes }),
  );
  return found.map(({ before }) => before);
}

export interface OpenedData {
  readonly name: string;
  readonly dataset: Dataset;
}

/**
 * The data set that unrelated facts are drawn from.
 * @throws UserError where it is not there and cannot be fetched
 */
export async function openData(
  options: Pick<DataOptions, 'data'> & ModelOptions,
  causal: boolean,
  progress: Progress,
): Promise<OpenedData> {
  try {
    const { name, folder } = await findData(options, options, progress);
    return { name, dataset: await openDataset(folder, {}, causal) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      error.message,
      `${error.remedy}\nIt is for the unrelated facts; --unrelated-facts 0 does without.`.trim(),
      { cause: error },
    );
  }
}

/**
 * The prompts of so many unrelated facts, or of as many as there are that the model can be asked.
 * @throws UserError where there is none
 */
export async function askUnrelated(
  { model, tokenizer }: OneFact,
  { name, dataset }: OpenedData,
  asked: AskedFact,
  {
    seed,
    unrelatedFacts,
    continuation,
  }: { seed: number; unrelatedFacts: number; continuation: Continuation },
): Promise<AskedUnrelated[]> {
  const facts: AskedUnrelated[] = [];
  for (const key of unrelatedSample(dataset.facts, asked, seed)) {
    if (facts.length === unrelatedFacts) break;
    const answer = tokenizer.lookUp(key.object);
    const { prompts } = dataset.withPrompts(key);
    if ('problem' in answer || prompts.length === 0) continue;
    try {
      facts.push(await askPrompts(model, tokenizer, prompts, answer.ids, continuation));
    } catch (error) {
      if (!(error instanceof UserError)) throw error; // a prompt that the model does not take
    }
  }
  if (facts.length > 0) return facts;
  throw new UserError(
    `${name}: has no unrelated fact that the model can be asked`,
    'Choose other data with --data, or --unrelated-facts 0.',
  );
}
