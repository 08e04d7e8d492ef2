import { dirname } from 'node:path';
import { UsageError, UserError } from '../../errors.js';
import { modelLayers } from '../../experiment/run/results-folder.js';
import { figure2Files } from '../../figures/figure2.js';
import { isFile } from '../../files.js';
import { highestLayer, type LayerShare, layerShares, MOST_LAYERS } from '../../neurons/layer-shares.js';
import { isNeuronFile, readNeuronFiles } from '../../neurons/neuron-file.js';
import { neuronStatistics, type StatisticsOfFacts, statisticsCsv } from '../../neurons/statistics.js';
import { coloured } from '../../report/colour.js';
import { decimals, percent, table } from '../../report/table.js';
import { createProgress, type Progress } from '../output/progress.js';
import { relationsOfFacts } from './relations-of-facts.js';
import { foldersIn, targetFolders, writeFiles } from './results-folders.js';
import type { StatsOptions } from './stats.js';

/** Dai et al., arXiv 2104.08696, Table 2, of bert-base-cased: knowledge neurons, and those of raw activations. */
const PAPER = {
  neuronsPerFact: ['4.13', '3.96'],
  sameRelation: ['1.23', '2.85'],
  differentRelation: ['0.09', '1.92'],
};

interface FolderStatistics extends StatisticsOfFacts {
  readonly folder: string;
  readonly layers: readonly LayerShare[];
}

/** Counts the neurons of each folder, writes and prints what comes out. Nothing is written before all is counted. */
export async function statisticsOfFolders(options: StatsOptions): Promise<void> {
  const progress = createProgress(options);
  const folders = options.results ?? (await foldersIn('results', isNeuronFile));
  for (const path of folders) {
    if (options.out === undefined && (await isFile(path)))
      throw new UsageError(
        `${path}: a file, beside which nothing is written unasked`,
        'Name its folder, all neuron files of which are taken together, or say with --out where the files go.',
      );
  }
  const targets = targetFolders(folders, options.out);
  const counted: FolderStatistics[] = [];
  for (const folder of folders) counted.push(await statisticsOf(folder, options, progress));
  const files: string[] = [];
  for (const [i, statistics] of counted.entries()) {
    const contents = await figure2Files(statistics.layers, statistics.all.facts);
    contents.set('neuron-statistics.csv', statisticsCsv(statistics));
    files.push(...(await writeFiles(targets[i], contents)));
  }
  if (options.json) {
    const printed = counted.map(({ folder, all, relations, layers }) => ({
      folder,
      all,
      relations: Object.fromEntries(relations),
      layers,
    }));
    process.stdout.write(`${JSON.stringify({ folders: printed, files })}\n`);
    return;
  }
  process.stdout.write(`${[...counted.map(statisticsText), files.join('\n')].join('\n\n')}\n`);
}

async function statisticsOf(
  folder: string,
  { data, layers }: StatsOptions,
  progress: Progress,
): Promise<FolderStatistics> {
  const neurons = await readNeuronFiles(folder);
  const highest = highestLayer(neurons);
  if (highest === undefined) throw new UserError(`${folder}: none of its ${neurons.size} facts has a neuron`);
  const { known, trouble } = await relationsOfFacts(new Set(neurons.keys()), [folder], data, progress);
  if (trouble) throw trouble;
  const statistics = neuronStatistics(neurons, uuid => known.get(uuid) ?? '');
  const count = await layerCount(folder, highest, layers, progress);
  return { folder, ...statistics, layers: layerShares(neurons, count) };
}

/** How many layers Figure 2 shows: run.json is in the folder, or beside the neuron file. */
async function layerCount(
  folder: string,
  highest: number,
  asked: number | undefined,
  progress: Progress,
): Promise<number> {
  if (highest >= MOST_LAYERS)
    throw new UserError(`${folder}: it has a neuron of layer ${highest}, and no model so many layers`);
  if (asked !== undefined && highest >= asked)
    throw new UsageError(
      `--layers ${asked}: ${folder} has neurons of layer ${highest}`,
      'Layers count from 0.',
    );
  const recorded = await modelLayers((await isFile(folder)) ? dirname(folder) : folder);
  if (asked === undefined && recorded !== undefined && highest >= recorded) {
    throw new UserError(
      `${folder}: it has neurons of layer ${highest}, and run.json a model of ${recorded} layers`,
      'Keep the neuron files of one model in a folder.',
    );
  }
  if (asked === undefined && recorded === undefined) {
    progress.notice(
      `${folder}: no run.json says how many layers the model has. Figure 2 ends at layer ${highest}, the highest ` +
        'with a neuron; --layers says how many there are.',
    );
  }
  return asked ?? recorded ?? highest + 1;
}

function statisticsText({ folder, all, relations, layers }: FolderStatistics): string {
  const row = (name: string, value: number | null, paper: readonly string[]) => [
    name,
    decimals(value, 2),
    ...paper,
  ];
  const bold = (text: string) => coloured('bold', text, process.stdout);
  return [
    bold(
      `${folder}: ${all.facts} facts of ${relations.size} relations, ${all.factsWithoutNeurons} without neurons; ` +
        `${all.distinctNeurons} distinct neurons`,
    ),
    '',
    table(
      ['on average', 'here', 'paper', 'its baseline'],
      [
        row('neurons of a fact', all.neuronsPerFact, PAPER.neuronsPerFact),
        row('shared by two facts of a relation', all.sameRelation.mean, PAPER.sameRelation),
        row(
          'shared by two facts of different relations',
          all.differentRelation.mean,
          PAPER.differentRelation,
        ),
      ],
      'right',
    ),
    '',
    table(
      ['layer', 'neurons', 'share'],
      layers.map(({ layer, neurons, share }) => [String(layer), String(neurons), percent(share)]),
      'right',
    ),
    '',
    table(
      ['relation', 'facts', 'without neurons', 'neurons a fact', 'shared in the relation', 'with others'],
      [...relations].map(([relation, of]) => [
        relation,
        String(of.facts),
        String(of.factsWithoutNeurons),
        decimals(of.neuronsPerFact, 2),
        decimals(of.sameRelation.mean, 2),
        decimals(of.differentRelation.mean, 2),
      ]),
      'right',
    ),
  ].join('\n');
}
