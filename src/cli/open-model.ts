import { KnowledgeNeurons } from '../library/knowledge-neurons.js';
import { loadModel, type OpenedModel } from '../library/load-model.js';
import type { OnProgress } from '../progress.js';
import type { AskingOptions, ModelOptions } from './options/options.js';
import { warnOfMasks } from './output/fact-warnings.js';

/** The model that the options name, fetched if need be, on the device that they name. */
export function openModel(options: ModelOptions, onProgress: OnProgress): Promise<OpenedModel> {
  const { model, revision, engine, devices, batchMemory } = options;
  return loadModel(model, {
    ...{ revision, engine, onProgress },
    ...(devices && { devices }),
    ...(batchMemory !== undefined && { batchMemory }),
  });
}

/** The same, ready to be asked by these prompts. */
export async function openKnowledgeNeurons(
  options: ModelOptions & AskingOptions,
  prompts: readonly string[],
  onProgress: OnProgress,
): Promise<KnowledgeNeurons> {
  const { site, continuation } = options;
  const opened = await openModel(options, onProgress);
  warnOfMasks(prompts, opened.model.causal, onProgress);
  return new KnowledgeNeurons(opened, { site, continuation, onProgress });
}
