/** Erasing or editing one fact in a model, and measuring what that does: what `kn erase` and `kn edit` are made of. */
import { Interrupted, UserError } from '../errors.js';
import { eraseRule } from '../intervention/value-changes.js';
import type { EditRule, EraseValue, Lambdas } from '../intervention/value-rules.js';
import { checkSavePlace, type SavedCheckpoint } from '../model/checkpoint/save-checkpoint.js';
import type { Continuation } from '../model/continuation-names.js';
import type { Site } from '../model/language-model.js';
import { saveCheckpoint } from '../model/save.js';
import type { Neuron } from '../neurons/neuron.js';
import { checkNeurons } from '../neurons/neuron-file.js';
import { type OnProgress, progressTo } from '../progress.js';
import type { ChangedPrompt, ChangeReport, ValuePrediction } from './change-report.js';
import { KnowledgeNeurons } from './knowledge-neurons.js';
import type { OpenedModel } from './load-model.js';
import type { AskedPrompt, ChangedValues, RefinedOptions } from './options.js';
import { sideEffects } from './side-effects.js';
import { never, unlessAborted } from './unless-aborted.js';
import { askUnrelated, openData, standingsOfUnrelated } from './unrelated-facts.js';

export type AskedChange =
  | { readonly change: 'erase'; readonly value: EraseValue }
  | { readonly change: 'edit'; readonly to: string; readonly rule: EditRule; readonly lambdas: Lambdas };

export interface ChangeRequest {
  readonly change: AskedChange;
  readonly prompts: readonly string[];
  /** That the prompts have now. */
  readonly answer: string;
  /** The fact in other words, for measuring alone. */
  readonly otherPrompts: readonly string[];
  /** The fact's neurons, or how they are found. */
  readonly neurons: readonly Neuron[] | RefinedOptions;
  readonly asking: { readonly site: Site; readonly continuation: Continuation };
  /** So many facts of a data set that share no name with the fact; null for none. */
  readonly unrelated: { readonly data: string; readonly count: number; readonly seed: number } | null;
  /** Where the changed model is written; null: nowhere. */
  readonly save: string | null;
}

export interface ChangeOptions {
  readonly onProgress?: OnProgress;
  /** Stops at once; a half-written folder is taken away. */
  readonly signal?: AbortSignal;
}

/**
 * Changes the fact in the loaded model, where it stays changed.
 * @throws UserError, UsageError on what cannot be done, before anything is changed
 */
export async function changeFact(
  opened: OpenedModel,
  request: ChangeRequest,
  { onProgress, signal = never() }: ChangeOptions = {},
): Promise<ChangeReport> {
  const { save } = request;
  if (save !== null) await checkSavePlace(save);
  const changing = changeAndMeasure(opened, request, onProgress);
  const { values, ...report } = await unlessAborted(changing, signal, 'Interrupted. Nothing was saved.');
  if (save === null) return report;
  return { ...report, saved: await saveIn(save, opened.folder, values, signal) };
}

async function changeAndMeasure(
  opened: OpenedModel,
  request: ChangeRequest,
  onProgress: OnProgress | undefined,
): Promise<ChangeReport & Pick<ChangedValues, 'values'>> {
  const { change, prompts, answer, otherPrompts, save, asking } = request;
  const progress = progressTo(onProgress);
  const kn = new KnowledgeNeurons(opened, { ...asking, ...(onProgress && { onProgress }) });
  const data = request.unrelated && (await openData(request.unrelated.data, opened.model.causal, progress));
  const given = isList(request.neurons) ? request.neurons : undefined;
  if (given) checkNeurons(given, opened.model);
  if (change.change === 'erase') await eraseRule(opened, change.value); // which says whether it can be

  // What stands before a later token of an answer is decided once, by the model as it was.
  const own = await askBoth(kn, prompts, answer, change);
  const other = await askBoth(kn, otherPrompts, answer, change);
  const named = {
    prompts: [...prompts, ...otherPrompts],
    answers: change.change === 'edit' ? [answer, change.to] : [answer],
  };
  const unrelated = data && request.unrelated ? await askUnrelated(kn, data, named, request.unrelated) : [];

  const neurons = isList(request.neurons)
    ? request.neurons
    : (await kn.find(prompts, answer, request.neurons)).neurons;
  if (save !== null && neurons.length === 0)
    throw new UserError(
      'no neuron to change was found, so that nothing is saved',
      'A lower --share finds more.',
    );
  const measure = async () => ({
    own: await predictionsOf(kn, own),
    other: await predictionsOf(kn, other),
    unrelated: await standingsOfUnrelated(kn, unrelated, progress),
  });
  const before = await measure();
  const { values, ...described } = await apply(kn, request, neurons);
  const after = await measure();
  const changed = (asked: AskedBoth, which: 'own' | 'other'): ChangedPrompt[] =>
    asked.answer.map(({ prompt }, i) => ({ prompt, before: before[which][i], after: after[which][i] }));
  return {
    answer,
    ...described,
    neurons,
    prompts: changed(own, 'own'),
    otherPrompts: changed(other, 'other'),
    unrelated: request.unrelated && {
      data: request.unrelated.data,
      seed: request.unrelated.seed,
      ...sideEffects(
        before.unrelated.map((ofFact, f) =>
          ofFact.map((standing, p) => ({ before: standing, after: after.unrelated[f][p] })),
        ),
      ),
    },
    values,
  };
}

function isList(neurons: ChangeRequest['neurons']): neurons is readonly Neuron[] {
  return Array.isArray(neurons);
}

/** Prompts as they ask for each answer whose fate is shown. */
interface AskedBoth {
  readonly answer: readonly AskedPrompt[];
  /** For an edit, the new answer. */
  readonly target: readonly AskedPrompt[] | undefined;
}

async function askBoth(
  kn: KnowledgeNeurons,
  prompts: readonly string[],
  answer: string,
  change: AskedChange,
): Promise<AskedBoth> {
  return {
    answer: await kn.ask(prompts, answer),
    target: change.change === 'edit' ? await kn.ask(prompts, change.to) : undefined,
  };
}

async function predictionsOf(
  kn: KnowledgeNeurons,
  { answer, target }: AskedBoth,
): Promise<ValuePrediction[]> {
  const predictions = await kn.predictAsked(answer);
  const targets = target && (await kn.standings(target));
  return predictions.map((prediction, i) => ({ ...prediction, ...(targets && { target: targets[i] }) }));
}

/** Changes the values, for good, and says how the report calls that. */
async function apply(
  kn: KnowledgeNeurons,
  { change, prompts, answer }: ChangeRequest,
  neurons: readonly Neuron[],
): Promise<Pick<ChangedValues, 'values'> & Pick<ChangeReport, 'target' | 'erased' | 'edited'>> {
  if (change.change === 'erase') {
    const { value } = change;
    const { values } = await kn.erase(prompts, answer, neurons, { value, keep: true });
    return { values, erased: value };
  }
  const { to, rule, lambdas } = change;
  const { values, original } = await kn.edit(prompts, answer, to, neurons, { rule, lambdas, keep: true });
  return { values, target: to, edited: { rule, original, ...lambdas } };
}

async function saveIn(
  folder: string,
  source: string,
  values: ChangedValues['values'],
  signal: AbortSignal,
): Promise<SavedCheckpoint> {
  try {
    return await saveCheckpoint(source, values, folder, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted(`Interrupted. Nothing was left at ${folder}.`);
  }
}
