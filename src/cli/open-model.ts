import { KnowledgeNeurons } from '../library/knowledge-neurons.js';
import { loadModel, type OpenedModel } from '../library/load-model.js';
import type { OnProgress } from '../progress.js';
import type { AskingOptions, ModelOptions } from './options/options.js';

/** The model that the options name, fetched if need be, on the device that they name. */
export function openModel(options: ModelOptions, onProgress: OnProgress): Promise<OpenedModel> {
  const { model, revision, engine, devices, batchMemory } = options;
  return loadModel(model, {
    ...{ revision, engine, onProgress },
    ...(devices && { devices }),
    ...(batchMemory !== undefined && { batchMemory }),
  });
}

/** The same, ready to be asked. */
export async function openKnowledgeNeurons(
  options: ModelOptions & AskingOptions,
  onProgress: OnProgress,
): Promise<KnowledgeNeurons> {
  const { site, continuation } = options;
  return new KnowledgeNeurons(await openModel(options, onProgress), { site, continuation, onProgress });
}
