import { availableParallelism, totalmem } from 'node:os';
import type { EngineName } from './engine-names.js';

/** How the cores are shared out. */
export interface WorkerPlan {
  readonly workers: number;
  /** Of each worker. */
  readonly threads: number;
}

/** What a user may say about it. */
export interface AskedWorkers {
  readonly workers?: number;
  readonly threads?: number;
}

/** What a machine has. */
export interface Machine {
  readonly cores: number;
  readonly memory: number;
}

/** What a worker takes beside its weights: the process, the engine, and the values of a backward pass. */
const BYTES_BESIDE_WEIGHTS = 900e6;

/** All workers together take at most this share of the machine's memory. */
const SHARE_OF_MEMORY = 0.8;

/**
 * Threads that share one worker's products well. Below so many parameters a product is too small to share, and threads
 * only wait for each other: the demo model ran twice as fast on two workers of one thread as on one of two.
 */
const THREADS_OF_LARGE_MODEL = 4;
const PARAMETERS_OF_LARGE_MODEL = 30e6;

/**
 * Workers that share one GPU: one computes while the other's processor prepares. More would each want weights and values of
 * their own in the GPU's memory. (Two is a reasoned number, not a measured one.)
 */
const WORKERS_OF_GPU = 2;

/** The threads of a worker on the native engine. On the others a worker has one. */
export function threadsOf(
  parameters: number,
  { workers, threads }: AskedWorkers,
  { cores }: Machine = thisMachine(),
): number {
  if (threads !== undefined) return threads;
  if (workers !== undefined) return Math.max(1, Math.floor(cores / workers));
  return parameters < PARAMETERS_OF_LARGE_MODEL ? 1 : Math.min(cores, THREADS_OF_LARGE_MODEL);
}

/**
 * As many workers as the cores keep busy and the memory holds, where the user says nothing.
 * @param parameters of the model; wasm keeps each weight as it is and once more in its own order
 */
export function planWorkers(
  engine: EngineName,
  parameters: number,
  asked: AskedWorkers,
  machine: Machine = thisMachine(),
): WorkerPlan {
  const threads = engine === 'tensorflow' ? threadsOf(parameters, asked, machine) : 1;
  const copies = engine === 'wasm' ? 2 : 1;
  const bytesOfWorker = copies * 4 * parameters + BYTES_BESIDE_WEIGHTS;
  const held = Math.floor((SHARE_OF_MEMORY * machine.memory) / bytesOfWorker);
  const useful = Math.min(
    Math.floor(machine.cores / threads),
    engine === 'webgpu' ? WORKERS_OF_GPU : Number.POSITIVE_INFINITY,
  );
  const workers = asked.workers ?? Math.max(1, Math.min(useful, held));
  return { workers, threads };
}

/** What a worker's environment says of its threads: libtensorflow and native/kernels.cc read it. */
export function threadEnvironment(threads: number): Record<string, string> {
  return { TF_NUM_INTRAOP_THREADS: String(threads) };
}

function thisMachine(): Machine {
  return { cores: availableParallelism(), memory: totalmem() };
}
