import * as tf from '@tensorflow/tfjs-core';
import { findModelHere, locateModel, MAIN } from '../model/checkpoint/locate.js';
import { type ModelConfig, parameterCount, readModelConfig } from '../model/config.js';
import { type LoadedModel, loadModel as loadFolder } from '../model/load.js';
import { type OnProgress, type Progress, progressTo } from '../progress.js';
import { BatchMemory, loweredText } from '../runtime/batch-memory.js';
import { chooseDevices } from '../runtime/devices/choose-devices.js';
import { type EngineOnDevice, startOnChosen } from '../runtime/engine.js';
import { ENGINES, type EngineChoice } from '../runtime/engine-names.js';
import { planWorkers } from '../runtime/worker-plan.js';
import { fetchProgress } from './fetching.js';

export interface LoadOptions {
  /** The hub's branch, tag or commit; default: `main`. */
  readonly revision?: string;
  /** What computes, unless an engine runs in this process already; default: `auto`, the fastest that is set up. */
  readonly engine?: EngineChoice;
  /** On what, as `--devices` takes it; the first that starts computes. Default: the best that the machine has. */
  readonly devices?: readonly string[];
  /** What a batch's values may take, in megabytes; default: what suits the device. */
  readonly batchMemory?: number;
  /** Told of downloads, and of notices such as why a faster engine was passed over; default: nobody. */
  readonly onProgress?: OnProgress;
}

/** What the batches on a device may take: known where this call started its engine. */
export interface DeviceBatches {
  /** By the device's id. */
  readonly memory: BatchMemory;
  readonly device: string;
}

/** A loaded model, and where it is from. */
export interface OpenedModel extends LoadedModel {
  readonly architecture: ModelConfig['architecture'];
  /** Short, for file names: "bert-base-uncased". */
  readonly name: string;
  /** That its files are in. */
  readonly folder: string;
  readonly batches?: DeviceBatches;
}

/**
 * Loads a model onto an engine, which is started where none runs. What is wrong is said in this order: the devices, what is
 * here of the model, the network.
 * @param id a folder in the Hugging Face layout, a hub id, which is fetched if need be, or `demo`
 * @throws UserError where it is none of these, or no model that kn can compute
 */
export async function loadModel(id: string, options: LoadOptions = {}): Promise<OpenedModel> {
  const { revision = MAIN, engine = 'auto', devices, onProgress } = options;
  const progress = progressTo(onProgress);
  const running: string | undefined = tf.getBackend();
  const chosen = ENGINES.some(known => known === running)
    ? undefined
    : await chooseDevices({ engine, ...(devices && { devices }) });
  const here = await findModelHere(id, revision);
  if (here) await readModelConfig(here.folder);
  const { name, folder } = here ?? (await locateModel(id, revision, fetchProgress(progress)));
  const started = chosen && (await startOnChosen(chosen));
  started?.notices.forEach(progress.notice);
  const loaded = await loadFolder(folder);
  const { architecture } = await readModelConfig(folder);
  loaded.notices?.forEach(progress.notice);
  return {
    ...loaded,
    architecture,
    name,
    folder,
    ...(started && { batches: await batchesOn(started, folder, options, progress) }),
  };
}

async function batchesOn(
  { device, name }: EngineOnDevice,
  folder: string,
  { batchMemory }: LoadOptions,
  progress: Progress,
): Promise<DeviceBatches> {
  const parameters = parameterCount(await readModelConfig(folder));
  const asked = { workers: 1, ...(batchMemory !== undefined && { batchMemory }) };
  const { batchBytes } = planWorkers(device, name, parameters, asked);
  const memory = new BatchMemory(new Map([[device.id, batchBytes]]), (id, bytes, isKnown) =>
    progress.notice(loweredText(id, bytes, isKnown)),
  );
  return { memory, device: device.id };
}
