/** The files that kn compare, stats and plot read. */
import { join } from 'node:path';
import { describe } from 'vitest';
import { readResultsFolder } from '../experiment/facts/results-file.js';
import { accuracyBefore, summarizeIntervention } from '../experiment/facts/summary.js';
import { highestLayer, layerShares } from '../neurons/layer-shares.js';
import { parseNeurons, readNeuronFiles, readNeuronList } from '../neurons/neuron-file.js';
import { neuronStatistics } from '../neurons/statistics.js';
import { fuzz, fuzzFile, mutationsOf } from '../testing/fuzz/fuzz-reader.js';
import { compareResults } from './compare-results.js';
import { recordedLayers } from './recorded-layers.js';

const side = {
  ...{ pct_change: [-0.5, null], correct_before: [true, false], correct_after: [false, false], n_prompts: 2 },
  ...{ probability_before: [0.5, 0], probability_after: [0.25, 0] },
};
const effects = { related: side, unrelated: side, baseline: side };
const result = {
  ...{ suppression: effects, enhancement: effects, n_refined_neurons: 2, n_unrelated_neurons: 1 },
  ...{ relation_name: 'P36', unrelated_uuid: 'b' },
};
const FILES = {
  'm_pararel_neurons_0.json': JSON.stringify({
    a: [
      [0, 1],
      [1, 2],
    ],
    b: [[0, 1]],
  }),
  'm_pararel_results_0.json': JSON.stringify({ a: result, b: { ...result, relation_name: 'P30' } }),
  'run.json': JSON.stringify({
    ...{ format: 1, commands: [], model: {}, layers: 6, data: {}, versions: {}, neurons: {} },
  }),
  'data/graphs_json/P36.jsonl': '{"pattern": "[X] is governed from [Y] ."}',
  'data/trex_lms_vocab/P36.jsonl': '{"uuid": "a", "sub_label": "France", "obj_label": "Paris"}',
};

async function readAll(folder: string): Promise<unknown> {
  const results = await readResultsFolder(folder);
  const neurons = await readNeuronFiles(folder);
  const layers = (await recordedLayers(folder, highestLayer(neurons))) ?? 10;
  return [
    accuracyBefore(results),
    summarizeIntervention(results, 'suppression', []),
    summarizeIntervention(results, 'enhancement', ['P30']),
    neuronStatistics(neurons, uuid => results.get(uuid)?.relation_name ?? ''),
    layerShares(neurons, layers),
    await compareResults(folder, join(folder, 'm_pararel_neurons_0.json'), { data: join(folder, 'data') }),
  ];
}

describe('a results folder', () => {
  for (const file of ['m_pararel_neurons_0.json', 'm_pararel_results_0.json', 'run.json'])
    fuzzFile(`${file}, to compare`, { files: FILES, file, refuses: file !== 'run.json', read: readAll });
});

describe("one fact's neurons", () => {
  const printed = JSON.stringify({
    answer: 'paris',
    neurons: [
      [0, 1],
      [1, 2],
    ],
    prompts: [],
  });
  fuzzFile('neurons of one fact', {
    files: { 'neurons.json': printed },
    file: 'neurons.json',
    read: folder => readNeuronList(join(folder, 'neurons.json')),
  });
  const list = '[[0,1],[1,2]]';
  fuzz('--neurons', list, mutationsOf('neurons.json', list), content => parseNeurons(String(content)));
});
