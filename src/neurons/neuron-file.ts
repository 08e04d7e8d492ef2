/**
 * Neuron files in the layout of EleutherAI/knowledge-neurons: `{uuid: [[layer, index], ...]}`.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { reasonOf, UsageError, UserError } from '../errors.js';
import { isFolder, readJsonFile } from '../files.js';
import { MOST_LAYERS } from '../model/most-layers.js';
import { LONGEST_TEXT } from '../plain-file.js';
import { recordOf } from '../record-of.js';
import { MOST_NEURONS, type Neuron } from './neuron.js';

const numberBelow = (most: number) => z.int().nonnegative().lt(most);
const neuronsSchema = z
  .array(z.tuple([numberBelow(MOST_LAYERS), numberBelow(MOST_NEURONS)]))
  .refine(list => new Set(list.map(String)).size === list.length, 'a neuron stands there twice');
const fileSchema = recordOf(neuronsSchema);
const listSchema = z.union([neuronsSchema, z.object({ neurons: neuronsSchema })]);

const FILE_HOLDS =
  'A neuron file holds {"uuid": [[layer, index], ...], ...}. kn find and kn evaluate pararel write one into their results folder.';
const LIST_HOLDS =
  'One fact takes a file of [[layer, index], ...], or what kn find --json prints; a file of many facts, or a folder of them, is for a run over a data set.';

export type NeuronsOfFacts = ReadonlyMap<string, readonly Neuron[]>;

/** @throws UserError where the file is not `{uuid: [[layer, index], ...]}` */
export async function readNeuronFile(path: string): Promise<NeuronsOfFacts> {
  const parsed = fileSchema.safeParse(await readJsonFile(path, FILE_HOLDS, LONGEST_TEXT));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${path}: "${issue?.path.join('.')}": ${issue?.message}`, FILE_HOLDS);
  }
  return new Map(Object.entries(parsed.data));
}

/**
 * A neuron file, or all of a folder's shards (`*_neurons_<shard>.json`).
 * @throws UserError where there is none, one is malformed, or two hold one fact
 */
export async function readNeuronFiles(path: string): Promise<NeuronsOfFacts> {
  if (!(await isFolder(path))) return readNeuronFile(path);
  const files = (await readdir(path)).filter(isNeuronFile).sort();
  if (files.length === 0) {
    throw new UserError(
      `${path}: no neuron files (*_neurons_<shard>.json)`,
      'Make them with kn find, or kn evaluate pararel.',
    );
  }
  const all = new Map<string, readonly Neuron[]>();
  for (const file of files) {
    for (const [uuid, neurons] of await readNeuronFile(join(path, file))) {
      if (all.has(uuid))
        throw new UserError(`${join(path, file)}: the fact ${uuid} is in another file of the folder too`);
      all.set(uuid, neurons);
    }
  }
  return all;
}

export function isNeuronFile(name: string): boolean {
  return /neurons_\d+\.json$/.test(name);
}

/**
 * The neurons of one fact from a file: a list, or what `kn find --json` prints.
 * @throws UserError where the file is neither
 */
export async function readNeuronList(path: string): Promise<Neuron[]> {
  const parsed = listSchema.safeParse(await readJsonFile(path, LIST_HOLDS));
  if (parsed.success) return Array.isArray(parsed.data) ? parsed.data : parsed.data.neurons;
  throw new UserError(`${path}: not the neurons of one fact`, LIST_HOLDS);
}

/**
 * `[[9,2041],[10,7]]` as neurons, or undefined where the text does not begin as a list, and so names a file.
 * @throws UsageError where it begins as one and is none
 */
export function parseNeurons(text: string): Neuron[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  const remedy = 'Write [[layer, index], ...], or name a file.';
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--neurons '${text}': ${reasonOf(error)}`, remedy);
  }
  const parsed = neuronsSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
  throw new UsageError(`--neurons '${text}': ${issue?.message}${where}`, remedy);
}

/** @throws UserError where a neuron is not one of the model's */
export function checkNeurons(
  neurons: readonly Neuron[],
  model: { readonly layers: number; readonly intermediateSize: number },
): void {
  for (const [layer, index] of neurons) {
    if (layer >= model.layers || index >= model.intermediateSize) {
      throw new UserError(
        `the model has no neuron [${layer}, ${index}]`,
        `Its layers are 0 to ${model.layers - 1}, its neurons 0 to ${model.intermediateSize - 1}.`,
      );
    }
  }
}

/** One fact a line, so that files compare well and a person can find one. */
export function formatNeuronFile(neurons: NeuronsOfFacts): string {
  const lines = [...neurons].map(([uuid, list]) => `${JSON.stringify(uuid)}: ${JSON.stringify(list)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}
