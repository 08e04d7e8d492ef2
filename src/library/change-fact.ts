/** Erasing or editing one fact in a model, and measuring what that does: what `kn erase` and `kn edit` are made of. */
import { Interrupted, UserError } from '../errors.js';
import { readRequest } from '../experiment/run/read-request.js';
import { eraseRule } from '../intervention/value-changes.js';
import { checkSavePlace, type SavedCheckpoint } from '../model/checkpoint/save-checkpoint.js';
import { saveCheckpoint } from '../model/save.js';
import type { Neuron } from '../neurons/neuron.js';
import { checkNeurons } from '../neurons/neuron-file.js';
import { type OnProgress, progressTo } from '../progress.js';
import type { ChangedPrompt, ChangeReport, ValuePrediction } from './change-report.js';
import { type AskedChange, type ChangeRequest, changeSchema } from './change-request.js';
import { DEFAULT_SHARE, silentPrompts } from './find-neurons-of-fact.js';
import { KnowledgeNeurons } from './knowledge-neurons.js';
import type { OpenedModel } from './load-model.js';
import type { AskedPrompt, ChangedValues, FactNeurons, RefinedOptions } from './options.js';
import { sideEffects } from './side-effects.js';
import { never, unlessAborted } from './unless-aborted.js';
import { askUnrelated, openData, standingsOfUnrelated } from './unrelated-facts.js';
import { whyNoNeurons } from './why-no-neurons.js';

export interface ChangeFactOptions {
  readonly onProgress?: OnProgress;
  /** Stops at once; a half-written folder is taken away. */
  readonly signal?: AbortSignal;
}

/** A fact that is changed in a loaded model. */
export interface ChangedFact {
  readonly report: ChangeReport;
  /** Why the fact has no neurons; absent where some were found, and where they were given. */
  readonly whyNoNeurons?: string;
  /** Puts the neurons' values back, bit for bit. */
  undo(): Promise<void>;
}

/**
 * Changes the fact in the loaded model, where it stays changed until that is undone.
 * @throws UserError, UsageError on what cannot be done, before anything is changed; whatever it throws, the model is as it was
 *   but where the signal was aborted
 */
export async function changeFact(
  opened: OpenedModel,
  asked: ChangeRequest,
  { onProgress, signal = never() }: ChangeFactOptions = {},
): Promise<ChangedFact> {
  const request = readRequest(changeSchema, asked);
  const { save } = request;
  if (save !== null) await checkSavePlace(save);
  const { values, ...changed } = await unlessAborted(
    () => changeAndMeasure(opened, request, onProgress),
    signal,
    'Interrupted. Nothing was saved.',
  );
  if (save === null) return changed;
  try {
    const saved = await saveIn(save, opened.folder, values, signal);
    return { ...changed, report: { ...changed.report, saved } };
  } catch (error) {
    await changed.undo();
    throw error;
  }
}

async function changeAndMeasure(
  opened: OpenedModel,
  request: ChangeRequest,
  onProgress: OnProgress | undefined,
): Promise<ChangedFact & Pick<ChangedValues, 'values'>> {
  const { change, prompts, answer, otherPrompts, save, asking } = request;
  const progress = progressTo(onProgress);
  const kn = new KnowledgeNeurons(opened, { ...asking, ...(onProgress && { onProgress }) });
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
  // Fetched, perhaps: what is wrong with the fact has been said by now.
  const data = request.unrelated && (await openData(request.unrelated.data, opened.model.causal, progress));
  const unrelated = data && request.unrelated ? await askUnrelated(kn, data, named, request.unrelated) : [];

  const { found, why } = isList(request.neurons)
    ? { found: null, why: undefined }
    : await findOrSayWhyNone(kn, prompts, answer, request.neurons);
  const neurons = found?.neurons ?? given ?? [];
  const silent = found ? silentPrompts(found) : [];
  if (save !== null && neurons.length === 0) {
    if (!found)
      throw new UserError(
        'no neuron to change was given, so that nothing is saved',
        'Give some, or let them be found.',
      );
    throw new UserError(
      'no neuron to change was found, so that nothing is saved',
      why ?? 'Every neuron scores 0 at every prompt, as where the answer has a probability of 0.',
    );
  }
  const measure = async () => ({
    own: await predictionsOf(kn, own),
    other: await predictionsOf(kn, other),
    unrelated: await standingsOfUnrelated(kn, unrelated, progress),
  });
  const before = await measure();
  const { values, undo, ...described } = await apply(kn, request, neurons);
  const after = await measure().catch(async error => {
    await undo();
    throw error;
  });
  const changed = (asked: AskedBoth, which: 'own' | 'other'): ChangedPrompt[] =>
    asked.answer.map(({ prompt }, i) => ({ prompt, before: before[which][i], after: after[which][i] }));
  const report: ChangeReport = {
    answer,
    answerTokens: kn.answerTokens(answer, own.answer[0].prompt),
    ...described,
    neurons,
    ...(silent.length > 0 && { silentPrompts: silent }),
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
  };
  return { report, values, undo, ...(why !== undefined && { whyNoNeurons: why }) };
}

async function findOrSayWhyNone(
  kn: KnowledgeNeurons,
  prompts: readonly string[],
  answer: string,
  options: RefinedOptions,
): Promise<{ found: FactNeurons; why: string | undefined }> {
  const found = await kn.find(prompts, answer, { ...options, keepScores: false });
  return { found, why: whyNoNeurons(found, { share: DEFAULT_SHARE, ...options }) };
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
): Promise<
  Pick<ChangedValues, 'values' | 'undo'> & Pick<ChangeReport, 'target' | 'targetTokens' | 'erased' | 'edited'>
> {
  if (change.change === 'erase') {
    const { value } = change;
    const { values, undo } = await kn.erase(prompts, answer, neurons, { value, keep: true });
    return { values, undo, erased: value };
  }
  const { to, rule, lambdas } = change;
  const { values, undo, original } = await kn.edit(prompts, answer, to, neurons, {
    rule,
    lambdas,
    keep: true,
  });
  return {
    values,
    undo,
    target: to,
    targetTokens: kn.answerTokens(to, prompts[0]),
    edited: { rule, original, ...lambdas },
  };
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
