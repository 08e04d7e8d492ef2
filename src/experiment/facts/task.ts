import { type AnswerStanding, standingOf, standingOfTokens } from '../../intervention/distribution.js';
import { type Multipliers, multipliers, type Predict, SUPPRESS } from '../../intervention/intervene.js';
import { askPrompts } from '../../model/continuation.js';
import type { Continuation } from '../../model/continuation-names.js';
import type { LanguageModel, Site } from '../../model/language-model.js';
import type { LoadedModel } from '../../model/load.js';
import { ofEachPrompt } from '../../model/prompt-batches.js';
import type { Query, Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { type FindOptions, findNeuronsBy } from '../../neurons/find.js';
import type { Neuron } from '../../neurons/neuron.js';
import { checkNeurons } from '../../neurons/neuron-file.js';
import { type Passes, passesOn } from '../run/gathered-passes.js';
import { type Batches, sideBySide } from '../run/task.js';
import { passesIn } from './passes-saved.js';
import { type FactRecord, type InterventionEffects, keptChange, type PromptEffects } from './record.js';
import { silentIn } from './silent-prompts.js';

/** A fact as a worker needs it. */
export interface AskedFact {
  readonly object: string;
  readonly prompts: readonly string[];
}

/** What is still to be found out about one fact. Plain data: it travels to a worker process. */
export interface FactTask {
  readonly uuid: string;
  readonly fact: AskedFact;
  readonly site: Site;
  readonly continuation: Continuation;
  /** The neurons, or how to find them. */
  readonly neurons: readonly Neuron[] | FindOptions;
  /** Prompts with another object, asked for this one where neurons are to be found. */
  readonly negatives: readonly string[];
  /** What to multiply the neurons by, and on which other fact to measure that too; null for neither. */
  readonly interventions: {
    readonly suppress: boolean;
    readonly enhance: number | null;
    readonly unrelated: AskedFact;
    /** Other neurons, to be measured on the fact's own prompts for comparison; null for none. */
    readonly baseline: readonly Neuron[] | null;
  } | null;
}

/**
 * Does all that a task asks for.
 * @param passes on the model, or gathered with those of other facts
 */
export async function runFactTask(
  model: LanguageModel,
  tokenizer: Tokenizer,
  task: FactTask,
  batches: Batches,
  passes: Passes = passesOn(model, batches.batchBytes),
): Promise<FactRecord> {
  const ask = (fact: AskedFact) => askFact(model, tokenizer, fact, task.continuation);
  const related = await ask(task.fact);
  const { site } = task;
  const find = async (options: FindOptions) => {
    const negatives = await ask({ object: task.fact.object, prompts: task.negatives });
    const asked = { ...options, ...batches, site, negatives, keepScores: false };
    const found = await findNeuronsBy(passes.score, related, asked);
    return { neurons: found.neurons, counted: { ...silentIn(found), ...passesIn(found) } };
  };
  const { neurons, counted } = isList(task.neurons)
    ? { neurons: task.neurons, counted: {} }
    : await find(task.neurons);
  const baseline = task.interventions?.baseline ?? null;
  for (const list of [neurons, baseline ?? []]) checkNeurons(list, model);
  const record: FactRecord = { uuid: task.uuid, ...counted };
  if (!isList(task.neurons) || baseline) record.neurons = plain(neurons);
  if (baseline) record.baseline_neurons = plain(baseline);
  if (task.interventions === null) return record;

  const { suppress, enhance } = task.interventions;
  const unrelated = await ask(task.interventions.unrelated);
  const factors = [...(suppress ? [SUPPRESS] : []), ...(enhance === null ? [] : [enhance])];
  const changedBy = (list: readonly Neuron[]) => factors.map(factor => multipliers(list, factor));
  const unchanged: Multipliers = new Map();
  const ofNeurons = changedBy(neurons);
  const ofBaseline = baseline ? changedBy(baseline) : [];
  const stand = (prompts: readonly (readonly Query[])[], sets: readonly Multipliers[]) =>
    standUnder(passes.predict, prompts, sets, site);
  const onRelated = await stand(related, [unchanged, ...ofNeurons, ...ofBaseline]);
  const onUnrelated = await stand(unrelated, [unchanged, ...ofNeurons]);
  const effects = (factor: number): InterventionEffects => {
    const under = 1 + factors.indexOf(factor);
    return {
      related: promptEffects(onRelated[0], onRelated[under]),
      unrelated: promptEffects(onUnrelated[0], onUnrelated[under]),
      ...(baseline && { baseline: promptEffects(onRelated[0], onRelated[factors.length + under]) }),
    };
  };
  if (suppress) record.suppression = effects(SUPPRESS);
  if (enhance !== null) record.enhancement = effects(enhance);
  return record;
}

export const FACT_TASK = sideBySide('runFact', runFactTask);

/** What is asked of a model for a fact: for each of its prompts a query for each token of the answer. */
export function askFact(
  model: LanguageModel,
  tokenizer: Tokenizer,
  { object, prompts }: AskedFact,
  continuation: Continuation,
): Promise<(readonly Query[])[]> {
  return askPrompts(model, tokenizer, prompts, object, continuation);
}

/** The same for some facts, one after the other. */
export async function askFacts(
  { model, tokenizer }: LoadedModel,
  facts: readonly AskedFact[],
  continuation: Continuation,
): Promise<(readonly Query[])[]> {
  const queries: (readonly Query[])[] = [];
  for (const fact of facts) queries.push(...(await askFact(model, tokenizer, fact, continuation)));
  return queries;
}

/** As a record has them. */
export function plain(neurons: readonly Neuron[]): [number, number][] {
  return neurons.map(([layer, index]) => [layer, index]);
}

function isList(neurons: readonly Neuron[] | FindOptions): neurons is readonly Neuron[] {
  return Array.isArray(neurons);
}

/** How a fact's answer stands under each set of multipliers, in each of its prompts: [sets][prompts]. */
async function standUnder(
  predict: Predict,
  prompts: readonly (readonly Query[])[],
  sets: readonly Multipliers[],
  site: Site,
): Promise<AnswerStanding[][]> {
  const asked = prompts.flat().map(prompt => ({ prompt, sets }));
  const ofPrompts = ofEachPrompt(prompts, await predict(asked, site));
  return sets.map((_, set) =>
    prompts.map((queries, prompt) =>
      standingOfTokens(queries.map(({ answer }, i) => standingOf(answer, ofPrompts[prompt][i][set]))),
    ),
  );
}

/** One value a prompt. */
function promptEffects(before: readonly AnswerStanding[], after: readonly AnswerStanding[]): PromptEffects {
  return {
    pct_change: before.map(({ probability }, i) =>
      keptChange((after[i].probability - probability) / probability),
    ),
    correct_before: before.map(({ rank }) => rank === 1),
    correct_after: after.map(({ rank }) => rank === 1),
    n_prompts: before.length,
    probability_before: before.map(({ probability }) => probability),
    probability_after: after.map(({ probability }) => probability),
  };
}
