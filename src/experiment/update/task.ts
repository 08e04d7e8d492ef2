/**
 * Updating one fact, as in section 5.1 of Dai et al. (2021) and src/6_edit_knowledge_sampled.py of its authors' code
 * (Hunter-DDM/knowledge-neurons): the values of its neurons are edited, so that they say another answer, and measured before,
 * with that, and with as many random neurons edited in the same way. That code draws one prompt of the fact; here all are
 * measured.
 */
import { type PromptStanding, standingsOf } from '../../intervention/standings.js';
import { editRule, originalOf } from '../../intervention/value-changes.js';
import type { EditRule, Lambdas } from '../../intervention/value-rules.js';
import type { Continuation } from '../../model/continuation-names.js';
import type { LanguageModel } from '../../model/language-model.js';
import type { LoadedModel } from '../../model/load.js';
import { answersOf, type Query } from '../../model/tokenizer/tokenizer.js';
import type { Neuron } from '../../neurons/neuron.js';
import { checkNeurons } from '../../neurons/neuron-file.js';
import { type AskedFact, askFacts, plain } from '../facts/task.js';
import { withChangedValues } from '../run/changed-values.js';
import { askedSet } from '../run/perplexity.js';
import { inTurn } from '../run/task.js';
import type { AnswerStandings, MeasuredUpdate, UpdateLine } from './record.js';

/** A fact to update. Plain data: it travels to a worker process. */
export interface UpdateTask {
  readonly uuid: string;
  readonly fact: AskedFact;
  /** The answer that it is to have. */
  readonly target: string;
  readonly continuation: Continuation;
  readonly neurons: readonly Neuron[];
  /** As many as `neurons`. */
  readonly random: readonly Neuron[];
  readonly rule: EditRule;
  readonly lambdas: Lambdas;
  /** Leaves prompts out that the model does not answer correctly before. */
  readonly onlyCorrect: boolean;
  /** Facts of the same relation and of others, to measure on. */
  readonly same: readonly AskedFact[];
  readonly other: readonly AskedFact[];
}

type PromptQueries = readonly (readonly Query[])[];

/** @param batchBytes what the values of a batch may take */
export async function runUpdateTask(
  loaded: LoadedModel,
  task: UpdateTask,
  batchBytes: number,
): Promise<UpdateLine> {
  const { model } = loaded;
  checkNeurons([...task.neurons, ...task.random], model);
  // What stands before a later token of an answer is decided once, by the model as it was.
  const ask = (facts: readonly AskedFact[]) => askFacts(loaded, facts, task.continuation);
  const asked = {
    answer: await ask([task.fact]),
    target: await ask([{ ...task.fact, object: task.target }]),
    same: await ask(task.same),
    other: await ask(task.other),
  };
  const counts = (await standingsOf(model, asked.answer, batchBytes)).map(
    ({ rank }) => !task.onlyCorrect || rank === 1,
  );
  const record = { target: task.target, neurons: plain(task.neurons) };
  const measuredQueries = {
    ...asked,
    answer: asked.answer.filter((_, i) => counts[i]),
    target: asked.target.filter((_, i) => counts[i]),
  };
  if (measuredQueries.answer.length === 0) return { uuid: task.uuid, update: { ...record, measured: null } };

  const measure = () => measureUpdate(model, measuredQueries, batchBytes);
  const rule = await editRule(model, {
    rule: task.rule,
    lambdas: task.lambdas,
    original: await originalOf(model, task.rule, measuredQueries.answer[0]),
    target: answersOf(measuredQueries.target[0]),
  });
  const measured = {
    before: await measure(),
    knowledge: await withChangedValues(model, task.neurons, rule, measure),
    random: await withChangedValues(model, task.random, rule, measure),
  };
  return { uuid: task.uuid, update: { ...record, measured } };
}

export const UPDATE_TASK = inTurn('runUpdate', runUpdateTask);

async function measureUpdate(
  model: LanguageModel,
  { answer, target, same, other }: Record<'answer' | 'target' | 'same' | 'other', PromptQueries>,
  batchBytes: number,
): Promise<MeasuredUpdate> {
  // All together, so that they share batches.
  const standings = await standingsOf(model, [...answer, ...target, ...same, ...other], batchBytes);
  let taken = 0;
  const next = ({ length }: PromptQueries) => {
    taken += length;
    return standings.slice(taken - length, taken);
  };
  return {
    answer: columns(next(answer)),
    target: columns(next(target)),
    same: askedSet(next(same)),
    other: askedSet(next(other)),
  };
}

function columns(standings: readonly PromptStanding[]): AnswerStandings {
  return {
    probability: standings.map(({ probability }) => probability),
    rank: standings.map(({ rank }) => rank),
  };
}
