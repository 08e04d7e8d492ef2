import type { Neuron } from '../../neurons/neuron.js';
import { formatNeuronFile } from '../../neurons/neuron-file.js';
import type { ResultsFolder } from './results-folder.js';

/** What an experiment that changes neurons' values leaves in its folder. */
export interface ValueResults {
  /** By uuid; undefined where they were given. */
  readonly neurons: ReadonlyMap<string, readonly Neuron[]> | undefined;
  readonly csv: string;
  readonly summary: { readonly model: string };
}

/**
 * @param name of the CSV file and of the summary: "update"
 * @returns the files' paths
 */
export async function writeValueResults(
  folder: ResultsFolder,
  name: string,
  { neurons, csv, summary }: ValueResults,
): Promise<string[]> {
  const files: string[] = [];
  const write = async (file: string, content: string) => files.push(await folder.write(file, content));
  if (neurons) await write(`${summary.model}_pararel_neurons_0.json`, formatNeuronFile(neurons));
  await write(`${name}.csv`, csv);
  await write(`${name}.json`, `${JSON.stringify(summary, null, 2)}\n`);
  return files;
}
