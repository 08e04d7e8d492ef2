/** One fact, asked by prompts on the command line: what `find`, `suppress` and `enhance` do with `--prompt`. */
import { access, constants, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import writeFileAtomic from 'write-file-atomic';
import { convergenceDeltas } from '../../attribution/convergence.js';
import { refusedFile, UsageError, UserError } from '../../errors.js';
import { withoutMark } from '../../files.js';
import { intervene } from '../../intervention/intervene.js';
import { type PromptEffect, predictionOf } from '../../intervention/prediction.js';
import { parameterCount, readModelConfig } from '../../model/config.js';
import { askPrompts } from '../../model/continuation.js';
import type { Site } from '../../model/language-model.js';
import { type LoadedModel, loadModel } from '../../model/load.js';
import { ofEachPrompt } from '../../model/prompt-batches.js';
import { answerIds, type Query } from '../../model/tokenizer/tokenizer.js';
import { type FindOptions, type FoundNeurons, findNeurons } from '../../neurons/find.js';
import type { Neuron } from '../../neurons/neuron.js';
import { checkNeurons, parseNeurons, readNeuronList } from '../../neurons/neuron-file.js';
import { BatchMemory, loweredText, withinMemory } from '../../runtime/batch-memory.js';
import { startOnDevice } from '../../runtime/engine.js';
import { planWorkers } from '../../runtime/worker-plan.js';
import type { AskingOptions, ModelOptions, OutputOptions, PromptOptions } from '../options/options.js';
import { createProgress, type Progress } from '../output/progress.js';
import { findModel } from './locate.js';

export interface OneFact extends LoadedModel {
  /** That the model was loaded from. */
  readonly folder: string;
  readonly answer: string;
  readonly prompts: readonly string[];
  /** Of each prompt, one for each token of the answer. */
  readonly queries: readonly (readonly Query[])[];
  /** Where something else belongs. */
  readonly negativePrompts: readonly string[];
  /** The fact's answer asked there, as `queries`. */
  readonly negatives: readonly (readonly Query[])[];
  readonly site: Site;
  readonly progress: Progress;
  /** Of the one device that computes. */
  readonly batchMemory: BatchMemory;
  readonly device: string;
  /** It is a GPU, which wants few and large batches. */
  readonly layersTogether: boolean;
}

/** Loads the model and reads the prompts. */
export async function prepareFact(
  options: PromptOptions & AskingOptions & ModelOptions & OutputOptions,
): Promise<OneFact> {
  const { answer, site, continuation } = options;
  if (answer === undefined)
    throw new UsageError('--prompt needs --answer', 'Name what belongs where the prompt asks.');
  if (options.prompts === '-' && options.negativePrompts === '-')
    throw new UsageError('--prompts and --negative-prompts cannot both be standard input');
  const prompts = await allPrompts(options.prompt, options.prompts);
  const negativePrompts = await allPrompts(options.negativePrompt, options.negativePrompts);
  if (prompts.length === 0) throw new UsageError('--answer needs a --prompt or --prompts');
  const progress = createProgress(options);
  const { folder } = await findModel(options, progress);
  const { device, name, notices } = await startOnDevice(options);
  notices.forEach(progress.notice);
  const loaded = await loadModel(folder);
  const parameters = parameterCount(await readModelConfig(folder));
  const { model, tokenizer } = loaded;
  const ids = answerIds(tokenizer, answer);
  const queries = await askPrompts(model, tokenizer, prompts, ids, continuation);
  const negatives = await askPrompts(model, tokenizer, negativePrompts, ids, continuation);
  const { batchBytes } = planWorkers(device, name, parameters, { ...options, workers: 1 });
  const batchMemory = new BatchMemory(new Map([[device.id, batchBytes]]), (id, bytes) =>
    progress.notice(loweredText(id, bytes)),
  );
  return {
    ...loaded,
    folder,
    answer,
    prompts,
    queries,
    negativePrompts,
    negatives,
    site,
    progress,
    batchMemory,
    device: device.id,
    layersTogether: device.kind !== 'cpu',
  };
}

export async function findNeuronsOfFact(fact: OneFact, options: FindOptions): Promise<FoundNeurons> {
  const { negatives, site, layersTogether } = fact;
  const total = fact.model.layers * [...fact.queries, ...negatives].flat().length;
  const found = await withinMemory(fact.batchMemory, fact.device, batchBytes => {
    let done = 0;
    return findNeurons(
      fact.model,
      fact.queries,
      { ...options, batchBytes, layersTogether, site, negatives },
      scored => {
        done += scored;
        fact.progress.show('attribution', { done, total, text: 'layers of prompts' });
      },
    );
  });
  fact.progress.stop();
  return found;
}

/** @throws UserError where no file can be made at `path`: better said before the work than after it */
export async function checkWritable(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    if ((await stat(path).catch(() => undefined))?.isDirectory()) throw new Error('it is a folder');
  } catch (error) {
    throw refusedFile(path, 'written', error, 'Name another file with --scores.');
  }
}

/** For each prompt each layer's convergence delta, which integrated gradients alone have. */
export async function deltasOfPrompts(fact: OneFact, found: FoundNeurons): Promise<number[][]> {
  const deltas: number[][] = [];
  for (const [i, { scores }] of found.prompts.entries())
    deltas.push(await convergenceDeltas(fact.model, fact.queries[i], scores, fact.site));
  return deltas;
}

/**
 * Every prompt's scores as JSON, a row a layer.
 * @param deltas each layer's convergence delta for each prompt, where there is one
 */
export async function writeScores(
  path: string,
  fact: OneFact,
  found: FoundNeurons,
  deltas: readonly (readonly number[])[] | undefined,
): Promise<void> {
  const prompts = found.prompts.map(({ scores }, i) => ({
    prompt: fact.prompts[i],
    answer: fact.answer,
    scores: scores.map(row => [...row]),
    ...(deltas && { convergenceDelta: deltas[i] }),
  }));
  try {
    await writeFileAtomic(path, `${JSON.stringify({ prompts })}\n`);
  } catch (error) {
    throw refusedFile(path, 'written', error, 'Name another file with --scores.');
  }
}

/** What multiplying the neurons by `factor` does to each prompt. */
export async function measureEffect(
  fact: OneFact,
  neurons: readonly Neuron[],
  factor: number,
): Promise<PromptEffect[]> {
  checkNeurons(neurons, fact.model);
  const distributions = await withinMemory(fact.batchMemory, fact.device, batchBytes =>
    intervene(fact.model, fact.queries.flat(), neurons, [factor], { site: fact.site, batchBytes }),
  );
  const ofPrompt = ofEachPrompt(fact.queries, distributions);
  return fact.queries.map((queries, i) => {
    const [before, after] = [
      ofPrompt[i].map(({ before }) => before),
      ofPrompt[i].map(({ after }) => after[0]),
    ];
    return {
      prompt: fact.prompts[i],
      before: predictionOf(fact.tokenizer, queries, before),
      after: predictionOf(fact.tokenizer, queries, after),
    };
  });
}

/** `--neurons` for one fact: a list, or a file with one. */
export async function neuronsOfOption(option: string): Promise<Neuron[]> {
  return parseNeurons(option) ?? (await readNeuronList(option));
}

async function allPrompts(given: readonly string[] = [], file: string | undefined): Promise<string[]> {
  return [...given, ...(file === undefined ? [] : await readPrompts(file))];
}

export async function readPrompts(path: string): Promise<string[]> {
  let content: string;
  try {
    content = path === '-' ? await text(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw refusedFile(path, 'read', error, 'A prompt file has a prompt a line.');
  }
  const prompts = withoutMark(content)
    .split(/\r?\n/)
    .filter(line => line.trim() !== '');
  if (prompts.length === 0) {
    const place = path === '-' ? 'standard input' : path;
    throw new UserError(`${place}: no prompts`, 'A prompt file has a prompt a line.');
  }
  return prompts;
}
