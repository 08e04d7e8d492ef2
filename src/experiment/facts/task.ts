import { standingOf, standingOfTokens } from '../../intervention/distribution.js';
import { type Intervened, interveneBy, SUPPRESS } from '../../intervention/intervene.js';
import { askPrompts } from '../../model/continuation.js';
import type { Continuation } from '../../model/continuation-names.js';
import type { LanguageModel, Site } from '../../model/language-model.js';
import type { LoadedModel } from '../../model/load.js';
import { ofEachPrompt } from '../../model/prompt-batches.js';
import { answerIds, type Query, type Tokenizer } from '../../model/tokenizer/tokenizer.js';
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
  const measure = (prompts: readonly (readonly Query[])[], neurons: readonly Neuron[]) =>
    interveneBy(passes.predict, prompts.flat(), neurons, factors, site);
  const onRelated = await measure(related, neurons);
  const onUnrelated = await measure(unrelated, neurons);
  const ofBaseline = baseline && (await measure(related, baseline));
  const effects = (factor: number): InterventionEffects => ({
    related: promptEffects(related, onRelated, factors.indexOf(factor)),
    unrelated: promptEffects(unrelated, onUnrelated, factors.indexOf(factor)),
    ...(ofBaseline && { baseline: promptEffects(related, ofBaseline, factors.indexOf(factor)) }),
  });
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
  return askPrompts(model, tokenizer, prompts, answerIds(tokenizer, object), continuation);
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

/** @param intervened of each prompt's queries, one after the other */
function promptEffects(
  prompts: readonly (readonly Query[])[],
  intervened: readonly Intervened[],
  factor: number,
): PromptEffects {
  const ofPrompt = ofEachPrompt(prompts, intervened);
  const standings = prompts.map((queries, prompt) => {
    const own = ofPrompt[prompt];
    return {
      before: standingOfTokens(queries.map(({ answer }, i) => standingOf(answer, own[i].before))),
      after: standingOfTokens(queries.map(({ answer }, i) => standingOf(answer, own[i].after[factor]))),
    };
  });
  const before = standings.map(({ before }) => before);
  const after = standings.map(({ after }) => after);
  return {
    pct_change: before.map(({ probability }, i) =>
      keptChange((after[i].probability - probability) / probability),
    ),
    correct_before: before.map(({ rank }) => rank === 1),
    correct_after: after.map(({ rank }) => rank === 1),
    n_prompts: prompts.length,
    probability_before: before.map(({ probability }) => probability),
    probability_after: after.map(({ probability }) => probability),
  };
}
