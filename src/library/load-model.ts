import * as tf from '@tensorflow/tfjs-core';
import { locateModel } from '../model/checkpoint/locate.js';
import { type LoadedModel, loadModel as loadFolder } from '../model/load.js';
import { startOnDevice } from '../runtime/engine.js';
import { ENGINES, type EngineChoice } from '../runtime/engine-names.js';

export interface LoadOptions {
  /** The hub's branch, tag or commit; default: `main`. */
  readonly revision?: string;
  /** What computes, unless an engine runs in this process already; default: `auto`, the fastest that is set up. */
  readonly engine?: EngineChoice;
  /** Told of notices, such as why a faster engine was passed over; default: nobody. */
  readonly onNotice?: (notice: string) => void;
}

/** A loaded model, and where it is from. */
export interface OpenedModel extends LoadedModel {
  /** Short, for file names: "bert-base-uncased". */
  readonly name: string;
  /** That its files are in. */
  readonly folder: string;
}

/**
 * Loads a model onto an engine, which is started where none runs.
 * @param id a folder in the Hugging Face layout, a hub id, which is fetched if need be, or `demo`
 * @throws UserError where it is none of these, or no model that kn can compute
 */
export async function loadModel(
  id: string,
  { revision = 'main', engine = 'auto', onNotice = () => undefined }: LoadOptions = {},
): Promise<OpenedModel> {
  const { name, folder } = await locateModel(id, revision, { progress: () => undefined, notice: onNotice });
  const running: string | undefined = tf.getBackend();
  if (!ENGINES.some(known => known === running)) {
    const { notices } = await startOnDevice({ engine });
    notices.forEach(onNotice);
  }
  return { ...(await loadFolder(folder)), name, folder };
}
