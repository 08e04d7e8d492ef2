import { UsageError, UserError } from '../errors.js';
import { PAPER_RELATIONS } from '../experiment/run/paper.js';
import { areAsInPaper } from '../experiment/run/results-folder.js';
import { figure2Files } from '../figures/figure2.js';
import { isFile } from '../files.js';
import { highestLayer, type LayerShare, layerShares } from '../neurons/layer-shares.js';
import { isNeuronFile, readNeuronFiles } from '../neurons/neuron-file.js';
import { neuronStatistics, type StatisticsOfFacts, statisticsCsv } from '../neurons/statistics.js';
import { type OnProgress, type Progress, progressTo } from '../progress.js';
import { folderOfRun, recordedLayers } from './recorded-layers.js';
import { relationsOfFacts } from './relations-of-facts.js';
import { foldersIn, targetFolders, writeFiles } from './results-folders.js';

/** How many neurons the facts of a folder have, how many two share, and in which layers they are. */
export interface FolderStatistics extends StatisticsOfFacts {
  readonly folder: string;
  readonly layers: readonly LayerShare[];
  /** Of the facts of the paper's relations alone, where neurons were found as in the paper. */
  readonly asInPaper?: StatisticsOfFacts;
}

export interface StatisticsRequest {
  /** With neuron files; default: every folder in results/ that has some. */
  readonly folders?: readonly string[];
  /** Where the files go; default: each folder itself. */
  readonly out?: string;
  /** The facts' data set, where result files do not name their relations; default: the demo's and PARAREL. */
  readonly data?: string;
  /** The model's; default: what run.json says. */
  readonly layers?: number;
}

/**
 * Counts the neurons of each folder, and writes what comes out. Nothing is written before all is counted.
 * @returns the counts, and the paths of the files
 * @throws UserError, UsageError where a folder cannot be counted
 */
export async function statisticsOfResults(
  request: StatisticsRequest,
  onProgress?: OnProgress,
): Promise<{ counted: readonly FolderStatistics[]; files: readonly string[] }> {
  const progress = progressTo(onProgress);
  const folders = request.folders ?? (await foldersIn('results', isNeuronFile));
  for (const path of folders) {
    if (request.out === undefined && (await isFile(path)))
      throw new UsageError(
        `${path}: a file, beside which nothing is written unasked`,
        'Name its folder, all neuron files of which are taken together, or say with --out where the files go.',
      );
  }
  const targets = targetFolders(folders, request.out);
  const counted: FolderStatistics[] = [];
  for (const folder of folders) counted.push(await statisticsOf(folder, request, progress));
  const files: string[] = [];
  for (const [i, statistics] of counted.entries()) {
    const contents = await figure2Files(statistics.layers, statistics.all.facts);
    contents.set('neuron-statistics.csv', statisticsCsv(statistics));
    files.push(...(await writeFiles(targets[i], contents)));
  }
  return { counted, files };
}

async function statisticsOf(
  folder: string,
  { data, layers }: StatisticsRequest,
  progress: Progress,
): Promise<FolderStatistics> {
  const neurons = await readNeuronFiles(folder);
  const highest = highestLayer(neurons);
  if (highest === undefined) throw new UserError(`${folder}: none of its ${neurons.size} facts has a neuron`);
  const { known, trouble } = await relationsOfFacts(new Set(neurons.keys()), [folder], data, progress);
  if (trouble) throw trouble;
  const relationOf = (uuid: string) => known.get(uuid) ?? '';
  const statistics = neuronStatistics(neurons, relationOf);
  const count = await layerCount(folder, highest, layers, progress);
  const inPaper = new Map([...neurons].filter(([uuid]) => PAPER_RELATIONS.includes(relationOf(uuid))));
  return {
    folder,
    ...statistics,
    layers: layerShares(neurons, count),
    ...((await areAsInPaper(await folderOfRun(folder))) && {
      asInPaper: neuronStatistics(inPaper, relationOf),
    }),
  };
}

/** How many layers Figure 2 shows: run.json is in the folder, or beside the neuron file. */
async function layerCount(
  folder: string,
  highest: number,
  asked: number | undefined,
  progress: Progress,
): Promise<number> {
  if (asked !== undefined && highest >= asked)
    throw new UsageError(
      `--layers ${asked}: ${folder} has neurons of layer ${highest}`,
      'Layers count from 0.',
    );
  const recorded = asked ?? (await recordedLayers(folder, highest));
  if (asked === undefined && recorded === undefined) {
    progress.notice(
      `${folder}: no run.json says how many layers the model has. Figure 2 ends at layer ${highest}, the highest ` +
        'with a neuron; --layers says how many there are.',
    );
  }
  return recorded ?? highest + 1;
}
