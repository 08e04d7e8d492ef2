import { availableParallelism, totalmem } from 'node:os';

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
