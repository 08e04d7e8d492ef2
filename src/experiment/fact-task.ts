import { standingOf } from '../intervention/distribution.js';
import { type Intervened, intervene, SUPPRESS } from '../intervention/intervene.js';
import type { LanguageModel } from '../model/language-model.js';
import type { Tokenizer } from '../model/tokenizer.js';
import { type FindOptions, findNeurons } from '../neurons/find.js';
import type { Neuron } from '../neurons/neuron.js';
import { checkNeurons } from '../neurons/neuron-file.js';
import type { FactRecord, InterventionEffects, PromptEffects } from './record.js';

/** A fact as a worker needs it. */
export interface AskedFact {
  readonly object: string;
  readonly prompts: readonly string[];
}

/** What is still to be found out about one fact. Plain data: it travels to a worker process. */
export interface FactTask {
  readonly uuid: string;
  readonly fact: AskedFact;
  /** The neurons, or how to find them. */
  readonly neurons: readonly Neuron[] | FindOptions;
  /** What to multiply the neurons by, and on which other fact to measure that too; null for neither. */
  readonly interventions: {
    readonly suppress: boolean;
    readonly enhance: number | null;
    readonly unrelated: AskedFact;
  } | null;
}

/**
 * Does all that a task asks for.
 * @param batches what the values of a batch may take, and whether the device wants few and large ones
 */
export async function runFactTask(
  model: LanguageModel,
  tokenizer: Tokenizer,
  task: FactTask,
  batches: Required<Pick<FindOptions, 'batchBytes' | 'layersTogether'>>,
): Promise<FactRecord> {
  const related = encode(tokenizer, task.fact, model.maxTokens);
  const given = isList(task.neurons);
  const neurons = given
    ? task.neurons
    : (await findNeurons(model, related.prompts, related.answer, { ...task.neurons, ...batches })).neurons;
  checkNeurons(neurons, model);
  const record: FactRecord = { uuid: task.uuid };
  if (!given) record.neurons = neurons.map(([layer, index]) => [layer, index]);
  if (task.interventions === null) return record;

  const { suppress, enhance } = task.interventions;
  const unrelated = encode(tokenizer, task.interventions.unrelated, model.maxTokens);
  const factors = [...(suppress ? [SUPPRESS] : []), ...(enhance === null ? [] : [enhance])];
  const onRelated = await intervene(model, related.prompts, neurons, factors, batches.batchBytes);
  const onUnrelated = await intervene(model, unrelated.prompts, neurons, factors, batches.batchBytes);
  const effects = (factor: number): InterventionEffects => ({
    related: promptEffects(onRelated, factors.indexOf(factor), related.answer),
    unrelated: promptEffects(onUnrelated, factors.indexOf(factor), unrelated.answer),
  });
  if (suppress) record.suppression = effects(SUPPRESS);
  if (enhance !== null) record.enhancement = effects(enhance);
  return record;
}

function isList(neurons: readonly Neuron[] | FindOptions): neurons is readonly Neuron[] {
  return Array.isArray(neurons);
}

function encode(tokenizer: Tokenizer, { object, prompts }: AskedFact, maxTokens: number) {
  return {
    answer: tokenizer.answerId(object),
    prompts: prompts.map(prompt => tokenizer.encode(prompt, maxTokens)),
  };
}

function promptEffects(prompts: readonly Intervened[], factor: number, answer: number): PromptEffects {
  const before = prompts.map(prompt => standingOf(answer, prompt.before));
  const after = prompts.map(prompt => standingOf(answer, prompt.after[factor]));
  return {
    pct_change: before.map(({ probability }, i) =>
      probability === 0 ? null : (after[i].probability - probability) / probability,
    ),
    correct_before: before.map(({ rank }) => rank === 1),
    correct_after: after.map(({ rank }) => rank === 1),
    n_prompts: prompts.length,
    probability_before: before.map(({ probability }) => probability),
    probability_after: after.map(({ probability }) => probability),
  };
}
