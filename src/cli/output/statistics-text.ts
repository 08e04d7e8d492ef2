/** What `kn stats` prints. */
import { paperLine } from '../../experiment/run/paper.js';
import type { FolderStatistics } from '../../library/neuron-statistics.js';
import type { NeuronStatistics } from '../../neurons/statistics.js';
import { counted, decimals, percent } from '../../numbers.js';
import { coloured } from '../../report/colour.js';
import { table } from '../../report/table.js';

/** Dai et al., ACL 2022, Table 2: knowledge neurons, and those of raw activations. */
const PAPER = {
  neuronsPerFact: ['4.13', '3.96'],
  sameRelation: ['1.23', '2.85'],
  differentRelation: ['0.09', '1.92'],
};

export function statisticsJson(counted: readonly FolderStatistics[], files: readonly string[]): string {
  const folders = counted.map(({ folder, all, relations, layers }) => ({
    folder,
    all,
    relations: Object.fromEntries(relations),
    layers,
  }));
  return JSON.stringify({ folders, files });
}

export function statisticsText({ folder, all, relations, layers, asInPaper }: FolderStatistics): string[] {
  const row = (name: string, of: (all: NeuronStatistics) => number | null, paper: readonly string[]) => [
    name,
    decimals(of(all), 2),
    ...(asInPaper ? [decimals(of(asInPaper.all), 2), ...paper] : []),
  ];
  const compared = asInPaper ? ["here, the paper's relations", 'paper', 'its baseline'] : [];
  const bold = (text: string) => coloured('bold', text, process.stdout);
  return [
    bold(
      `${folder}: ${counted(all.facts, 'fact')} of ${counted(relations.size, 'relation')}, ${all.factsWithoutNeurons} without neurons; ` +
        counted(all.distinctNeurons, 'distinct neuron'),
    ),
    '',
    ...table(
      ['on average', 'here', ...compared],
      [
        row('neurons of a fact', of => of.neuronsPerFact, PAPER.neuronsPerFact),
        row('shared by two facts of a relation', of => of.sameRelation.mean, PAPER.sameRelation),
        row(
          'shared by two facts of different relations',
          of => of.differentRelation.mean,
          PAPER.differentRelation,
        ),
      ],
      'right',
    ),
    ...(asInPaper
      ? [paperLine('Table 2', { facts: asInPaper.all.facts, relations: asInPaper.relations.size })]
      : []),
    '',
    ...table(
      ['layer', 'neurons', 'share'],
      layers.map(({ layer, neurons, share }) => [String(layer), String(neurons), percent(share)]),
      'right',
    ),
    '',
    ...table(
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
  ];
}
