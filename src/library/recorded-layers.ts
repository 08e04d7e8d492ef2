import { dirname } from 'node:path';
import { UserError } from '../errors.js';
import { modelLayers } from '../experiment/run/results-folder.js';
import { isFile } from '../files.js';

/**
 * How many layers the model of some neurons has, as run.json says, which is in their folder or beside the neuron file.
 * @param highest the highest layer that has one of the neurons; undefined where there are none
 * @returns undefined where no run.json says it
 * @throws UserError where a neuron is of a layer that the model has not
 */
export async function recordedLayers(path: string, highest: number | undefined): Promise<number | undefined> {
  const layers = await modelLayers(await folderOfRun(path));
  if (layers === undefined || highest === undefined || highest < layers) return layers;
  throw new UserError(
    `${path}: it has neurons of layer ${highest}, and run.json a model of ${layers} layers`,
    'Keep the neuron files of one model in a folder.',
  );
}

/** The folder of the run that made some neurons: their own, or the neuron file's. */
export async function folderOfRun(path: string): Promise<string> {
  return (await isFile(path)) ? dirname(path) : path;
}
