import { type Comparison, compareNeuronSets } from '../neurons/compare.js';
import { highestLayer } from '../neurons/layer-shares.js';
import { type NeuronsOfFacts, readNeuronFiles } from '../neurons/neuron-file.js';
import { type OnProgress, progressTo } from '../progress.js';
import { recordedLayers } from './recorded-layers.js';
import { relationsOfFacts } from './relations-of-facts.js';

/** Of facts that neither result files nor a data set know. */
const UNKNOWN = 'unknown';

/** One of the two that are compared. */
export interface ComparedSide {
  readonly path: string;
  readonly facts: number;
  /** Summed over its facts. */
  readonly neurons: number;
}

export interface ComparedResults {
  readonly a: ComparedSide;
  readonly b: ComparedSide;
  readonly comparison: Comparison;
}

export interface CompareOptions {
  /** The facts' data set, where result files do not name their relations; default: the demo's and PARAREL. */
  readonly data?: string;
  readonly onProgress?: OnProgress;
}

/**
 * How far the neurons in two results folders, folders of shards or neuron files agree.
 * @throws UserError where one cannot be read, or the named data set cannot
 */
export async function compareResults(
  pathA: string,
  pathB: string,
  { data, onProgress }: CompareOptions = {},
): Promise<ComparedResults> {
  const progress = progressTo(onProgress);
  const [neuronsA, neuronsB] = [await readNeuronFiles(pathA), await readNeuronFiles(pathB)];
  for (const [path, neurons] of [
    [pathA, neuronsA],
    [pathB, neuronsB],
  ] as const)
    await recordedLayers(path, highestLayer(neurons));
  const uuids = new Set([...neuronsA.keys(), ...neuronsB.keys()]);
  const { known, trouble } = await relationsOfFacts(uuids, [pathA, pathB], data, progress);
  if (trouble) {
    progress.notice(`${trouble.message}. ${trouble.remedy}`);
    progress.notice(`These facts are in the relation "${UNKNOWN}".`);
  }
  return {
    a: sideOf(pathA, neuronsA),
    b: sideOf(pathB, neuronsB),
    comparison: compareNeuronSets(neuronsA, neuronsB, uuid => known.get(uuid) ?? UNKNOWN),
  };
}

function sideOf(path: string, neurons: NeuronsOfFacts): ComparedSide {
  return {
    path,
    facts: neurons.size,
    neurons: [...neurons.values()].reduce((sum, list) => sum + list.length, 0),
  };
}
