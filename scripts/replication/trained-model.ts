import { openDataset } from '../../src/dataset/dataset.js';
import { type LoadedModel, loadModel } from '../../src/model/load.js';
import type { Question } from './findings.js';
import { questionsOf } from './questions.js';
import { Replication, type ReplicationSettings } from './replication.js';

/** A trained model, and where facts for it are. */
export interface TrainedModel {
  /** For people. */
  readonly name: string;
  readonly folder: string;
  readonly data: string;
}

/** One model, loaded by both. */
export interface Pair {
  readonly loaded: LoadedModel;
  readonly replication: Replication;
}

/** Has both load a checkpoint, and lets go of it when the work with it is done. */
export async function withBoth<T>(
  settings: ReplicationSettings,
  folder: string,
  work: (pair: Pair) => Promise<T>,
): Promise<T> {
  const loaded = await loadModel(folder);
  let replication: Replication | undefined;
  try {
    replication = await Replication.start(settings, folder);
    return await work({ loaded, replication });
  } finally {
    replication?.close();
    loaded.model.dispose();
  }
}

/** So many facts of a model's data. */
export async function questionsFor(
  { data }: TrainedModel,
  { loaded }: Pair,
  count: number,
): Promise<Question[]> {
  return questionsOf(await openDataset(data), loaded.tokenizer, count);
}
