/** Folders of neuron files as the replication makes them, and the data set that they are of. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';

export type ShardOfNeurons = Readonly<Record<string, readonly (readonly [number, number])[]>>;

/** A folder with a neuron file for each shard, indented as the replication's are. */
export function neuronFolder(...shards: readonly ShardOfNeurons[]): string {
  const folder = temporaryFolder();
  shards.forEach((shard, i) => {
    writeFileSync(join(folder, `m_pararel_neurons_${i}.json`), JSON.stringify(shard, null, 4));
  });
  return folder;
}

/** Adds a result file without measurements, which says the facts' relations. */
export function addResults(folder: string, shard: number, relations: Readonly<Record<string, string>>): void {
  const results = Object.entries(relations).map(([uuid, relation_name]) => [
    uuid,
    { n_refined_neurons: 1, n_unrelated_neurons: 1, relation_name },
  ]);
  writeFileSync(join(folder, `m_pararel_results_${shard}.json`), JSON.stringify(Object.fromEntries(results)));
}

/** A data set in PARAREL's layout that has these facts. */
export function dataFolder(relations: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const part of ['graphs_json', 'trex_lms_vocab']) mkdirSync(join(folder, part));
  for (const relation of new Set(Object.values(relations))) {
    const facts = Object.keys(relations).filter(uuid => relations[uuid] === relation);
    const lines = facts.map(uuid => JSON.stringify({ uuid, sub_label: uuid, obj_label: 'paris' }));
    writeFileSync(join(folder, 'trex_lms_vocab', `${relation}.jsonl`), lines.join('\n'));
    writeFileSync(join(folder, 'graphs_json', `${relation}.jsonl`), '{"pattern": "[X] is in [Y] ."}');
  }
  return folder;
}
