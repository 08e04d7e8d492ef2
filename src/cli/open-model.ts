import { DEFAULTS } from '../experiment/run/defaults.js';
import { usualSite } from '../experiment/run/protocols.js';
import { KnowledgeNeurons } from '../library/knowledge-neurons.js';
import { loadModel, type OpenedModel } from '../library/load-model.js';
import type { Site } from '../model/language-model.js';
import type { OnProgress } from '../progress.js';
import type { AskingOptions, AttributionOptions, ModelOptions } from './options/options.js';
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

/** The site that the options name, or else their protocol's. */
export function siteOf(
  { site, protocol = DEFAULTS.protocol }: Pick<AskingOptions, 'site'> & Pick<AttributionOptions, 'protocol'>,
  { architecture }: OpenedModel,
): Site {
  return site ?? usualSite(protocol, architecture);
}

/** The same, ready to be asked by these prompts. */
export async function openKnowledgeNeurons(
  options: ModelOptions & AskingOptions & Pick<AttributionOptions, 'protocol'>,
  prompts: readonly string[],
  onProgress: OnProgress,
): Promise<KnowledgeNeurons> {
  const opened = await openModel(options, onProgress);
  warnOfMasks(prompts, opened.model.causal, onProgress);
  const { continuation } = options;
  return new KnowledgeNeurons(opened, { site: siteOf(options, opened), continuation, onProgress });
}
