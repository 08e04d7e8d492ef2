import { availableParallelism, totalmem } from 'node:os';
import type { EngineName } from './engine-names.js';

/** What a worker takes beside its weights: the process, the engine, and the values of a backward pass. */
const BYTES_BESIDE_WEIGHTS = 700e6;

/** A worker a core, as long as all of them take at most this share of the machine's memory. */
const SHARE_OF_MEMORY = 0.8;

/**
 * How many workers run where the user says nothing.
 * @param parameters of the model; the engine keeps each weight as it is and once more in its own order
 */
export function defaultWorkerCount(parameters: number): number {
  const bytesOfWorker = 2 * 4 * parameters + BYTES_BESIDE_WEIGHTS;
  return Math.max(
    1,
    Math.min(availableParallelism(), Math.floor((SHARE_OF_MEMORY * totalmem()) / bytesOfWorker)),
  );
}

/**
 * Workers that share one GPU where the user says nothing: one computes while the other's processor prepares. More would
 * each want weights and values of their own in the GPU's memory. (Two is a reasoned number, not a measured one.)
 */
const WORKERS_OF_GPU = 2;

/** How many of the workers that a machine has room for an engine makes use of. */
export function workersOfEngine(engine: EngineName, workers: number): number {
  return engine === 'webgpu' ? Math.min(workers, WORKERS_OF_GPU) : workers;
}
