/** One fact, asked by prompts on the command line: what `find`, `suppress` and `enhance` do with `--prompt`. */
import { access, constants, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import writeFileAtomic from 'write-file-atomic';
import { convergenceDeltas } from '../attribution/convergence.js';
import { refusedFile, UsageError, UserError } from '../errors.js';
import { type Distribution, standingOf, topTokens } from '../intervention/distribution.js';
import { intervene } from '../intervention/intervene.js';
import { parameterCount, readBertConfig } from '../model/bert/config.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import type { EncodedPrompt } from '../model/tokenizer.js';
import { type FindOptions, type FoundNeurons, findNeurons } from '../neurons/find.js';
import type { Neuron } from '../neurons/neuron.js';
import { checkNeurons, parseNeurons, readNeuronList } from '../neurons/neuron-file.js';
import { BatchMemory, loweredText, withinMemory } from '../runtime/batch-memory.js';
import { startOnDevice } from '../runtime/engine.js';
import { planWorkers } from '../runtime/worker-plan.js';
import { findModel } from './locate.js';
import type { ModelOptions, OutputOptions, PromptOptions } from './options.js';
import { createProgress, type Progress } from './progress.js';

export interface OneFact extends LoadedModel {
  readonly answer: string;
  readonly answerId: number;
  readonly prompts: readonly string[];
  readonly encoded: readonly EncodedPrompt[];
  readonly progress: Progress;
  /** Of the one device that computes. */
  readonly batchMemory: BatchMemory;
  readonly device: string;
  /** It is a GPU, which wants few and large batches. */
  readonly layersTogether: boolean;
}

/** Loads the model and reads the prompts. */
export async function prepareFact(options: PromptOptions & ModelOptions & OutputOptions): Promise<OneFact> {
  const { answer } = options;
  if (answer === undefined)
    throw new UsageError('--prompt needs --answer', 'Name what belongs in the place of [MASK].');
  const prompts = [
    ...(options.prompt ?? []),
    ...(options.prompts === undefined ? [] : await readPrompts(options.prompts)),
  ];
  if (prompts.length === 0) throw new UsageError('--answer needs a --prompt or --prompts');
  const progress = createProgress(options);
  const { folder } = await findModel(options, progress);
  const { device, name, notices } = await startOnDevice(options);
  notices.forEach(progress.notice);
  const loaded = await loadModel(folder);
  const parameters = parameterCount(await readBertConfig(folder));
  const { batchBytes } = planWorkers(device, name, parameters, { ...options, workers: 1 });
  const batchMemory = new BatchMemory(new Map([[device.id, batchBytes]]), (id, bytes) =>
    progress.notice(loweredText(id, bytes)),
  );
  return {
    ...loaded,
    answer,
    answerId: loaded.tokenizer.answerId(answer),
    prompts,
    encoded: prompts.map(prompt => loaded.tokenizer.encode(prompt, loaded.model.maxTokens)),
    progress,
    batchMemory,
    device: device.id,
    layersTogether: device.kind !== 'cpu',
  };
}

export async function findNeuronsOfFact(fact: OneFact, options: FindOptions): Promise<FoundNeurons> {
  const total = fact.model.layers * fact.prompts.length;
  const found = await withinMemory(fact.batchMemory, fact.device, batchBytes => {
    let done = 0;
    return findNeurons(
      fact.model,
      fact.encoded,
      fact.answerId,
      { ...options, batchBytes, layersTogether: fact.layersTogether },
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
    throw refusedFile(path, 'written', error);
  }
}

/** Every prompt's scores as JSON, a row a layer, with each layer's convergence delta. */
export async function writeScores(path: string, fact: OneFact, found: FoundNeurons): Promise<void> {
  const prompts: object[] = [];
  for (const [i, { scores }] of found.prompts.entries()) {
    const { tokens, position } = fact.encoded[i];
    const batch = { tokens: [tokens], positions: [position] };
    prompts.push({
      prompt: fact.prompts[i],
      answer: fact.answer,
      scores: scores.map(row => [...row]),
      convergenceDelta: await convergenceDeltas(fact.model, batch, fact.answerId, scores),
    });
  }
  try {
    await writeFileAtomic(path, `${JSON.stringify({ prompts })}\n`);
  } catch (error) {
    throw refusedFile(path, 'written', error);
  }
}

export interface Prediction {
  readonly probability: number;
  readonly rank: number;
  readonly top: readonly { readonly token: string; readonly probability: number }[];
}

export interface PromptEffect {
  readonly prompt: string;
  readonly before: Prediction;
  readonly after: Prediction;
}

/** What multiplying the neurons by `factor` does to each prompt. */
export async function measureEffect(
  fact: OneFact,
  neurons: readonly Neuron[],
  factor: number,
): Promise<PromptEffect[]> {
  checkNeurons(neurons, fact.model);
  const predict = (distribution: Distribution): Prediction => ({
    ...standingOf(fact.answerId, distribution),
    top: topTokens(distribution, 5).map(({ id, probability }) => ({
      token: fact.tokenizer.token(id),
      probability,
    })),
  });
  const effects = await withinMemory(fact.batchMemory, fact.device, batchBytes =>
    intervene(fact.model, fact.encoded, neurons, [factor], batchBytes),
  );
  return effects.map(({ before, after }, i) => ({
    prompt: fact.prompts[i],
    before: predict(before),
    after: predict(after[0]),
  }));
}

/** `--neurons` for one fact: a list, or a file with one. */
export async function neuronsOfOption(option: string): Promise<Neuron[]> {
  return parseNeurons(option) ?? (await readNeuronList(option));
}

async function readPrompts(path: string): Promise<string[]> {
  let content: string;
  try {
    content = path === '-' ? await text(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw refusedFile(path, 'read', error, 'A prompt file has a prompt a line.');
  }
  const prompts = content.split(/\r?\n/).filter(line => line.trim() !== '');
  if (prompts.length === 0) throw new UserError(`${path}: no prompts`, 'A prompt file has a prompt a line.');
  return prompts;
}
