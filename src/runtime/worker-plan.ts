/** How many workers a device gets, with how many threads, and what their batches may take. */
import { UserError } from '../errors.js';
import { BATCH_BYTES } from './batch-memory.js';
import type { Device } from './devices/device.js';
import type { EngineName } from './engine-names.js';
import { gigabytes, type LimitedMachine, type Machine, memoryText, thisMachine } from './machine.js';

export interface WorkerPlan {
  readonly workers: number;
  /** Of each worker. */
  readonly threads: number;
  /** What the values of one batch may take, in bytes. */
  readonly batchBytes: number;
}

/** What a user may say about it. */
export interface AskedWorkers {
  /** On each device. */
  readonly workers?: number;
  readonly threads?: number;
  /** In megabytes. */
  readonly batchMemory?: number;
}

/** What a worker on the processor takes beside its weights: the process, the engine, and the values of a batch. */
const BYTES_BESIDE_WEIGHTS = 900e6;

/**
 * While a large model is read its largest tensor, the vocabulary's, lies on JavaScript's heap too: about this share of the weights, and
 * the process with its engine beside it. Llama-3.2-1B's shape took 6.5 GB, 4.9 of them weights.
 */
const [SHARE_OF_LARGEST_TENSOR, BYTES_BESIDE_READING] = [0.25, 300e6];

/** The least of it; the command itself takes as much. The demo model runs in 0.2 GB on wasm and in 0.3 GB on tensorflow. */
const BYTES_OF_PROCESS = 100e6;

/** All workers of a device together take at most this share of its memory. */
const SHARE_OF_MEMORY = 0.8;

/**
 * Threads that share one worker's products well. Below so many parameters a product is too small to share, and threads
 * only wait for each other: the demo model ran twice as fast on two workers of one thread as on one of two.
 */
const THREADS_OF_LARGE_MODEL = 4;
const PARAMETERS_OF_LARGE_MODEL = 30e6;

/**
 * Workers that share one GPU through WebGPU: one computes while the other's processor prepares. More would each want
 * weights and values of their own in the GPU's memory. (A reasoned number, not a measured one.) Through CUDA a process
 * takes the GPU for itself.
 */
const WORKERS_OF_WEBGPU = 2;

/**
 * Of a GPU's memory that is not weights, the share for what `samplesThatFit` counts: a pass holds as much again in values
 * on their way, and buffers that lie idle.
 */
const SHARE_OF_VALUES = 0.4;

/** For a GPU that keeps its memory to itself: what the small ones of today have. */
const MEMORY_OF_UNKNOWN_GPU = 4e9;

/** Larger batches than this are not of use: products of so many rows keep any GPU busy. */
const MOST_BATCH_BYTES = 8e9;

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
 * As many workers as keep the device busy and its memory holds, where the user says nothing.
 * @param parameters of the model; wasm keeps each weight as it is and once more in its own order
 */
export function planWorkers(
  { kind, memory }: Pick<Device, 'kind' | 'memory'>,
  engine: EngineName,
  parameters: number,
  asked: AskedWorkers,
  machine: Machine = thisMachine(),
): WorkerPlan {
  const batchBytes = (planned: number) => (asked.batchMemory ? asked.batchMemory * 1e6 : planned);
  if (kind !== 'cpu') {
    const workers = asked.workers ?? (kind === 'cuda' ? 1 : WORKERS_OF_WEBGPU);
    const share = (SHARE_OF_MEMORY * (memory ?? MEMORY_OF_UNKNOWN_GPU)) / workers;
    const room = SHARE_OF_VALUES * (share - 4 * parameters);
    return {
      workers,
      threads: 1,
      batchBytes: batchBytes(Math.round(Math.min(MOST_BATCH_BYTES, Math.max(room, BATCH_BYTES.wasm)))),
    };
  }
  const threads = engine === 'tensorflow' ? threadsOf(parameters, asked, machine) : 1;
  const room = Math.min(SHARE_OF_MEMORY * machine.memory, machine.memory - BYTES_OF_PROCESS);
  const held = Math.floor(room / memoryOfWorker(kind, engine, parameters));
  const useful = Math.floor(machine.cores / threads);
  const workers = asked.workers ?? Math.max(1, Math.min(useful, held));
  return { workers, threads, batchBytes: batchBytes(BATCH_BYTES[engine]) };
}

/** What a worker takes of its device's memory, in bytes: on a processor its batch's values are in it, on a GPU they come beside. */
export function memoryOfWorker(kind: Device['kind'], engine: EngineName, parameters: number): number {
  if (kind !== 'cpu') return 4 * parameters;
  const reading = BYTES_BESIDE_READING + SHARE_OF_LARGEST_TENSOR * 4 * parameters;
  return bytesOfWeights(engine, parameters) + Math.max(BYTES_BESIDE_WEIGHTS, reading);
}

/** What a run on the processor takes at the least, in bytes: the command, and a worker with small batches. */
export function leastMemory(engine: EngineName, parameters: number): number {
  return bytesOfWeights(engine, parameters) + 2 * BYTES_OF_PROCESS;
}

/** In a worker on the processor. */
function bytesOfWeights(engine: EngineName, parameters: number): number {
  return (engine === 'wasm' ? 2 : 1) * 4 * parameters;
}

/** What WebAssembly addresses, and beside weights the least of it. */
const [BYTES_OF_WASM, BESIDE_IN_WASM] = [2 ** 32, 100e6];

/** @throws UserError where an engine holds no model of so many parameters, whatever memory there is */
export function checkEngineHolds(engine: EngineName, parameters: number): void {
  if (engine !== 'wasm' || 4 * parameters + BESIDE_IN_WASM <= BYTES_OF_WASM) return;
  throw new UserError(
    `the model's weights take ${gigabytes(4 * parameters)} as float32, and the wasm engine holds ${gigabytes(BYTES_OF_WASM)} at the most`,
    'Take --engine tensorflow (kn setup tensorflow), or --engine webgpu on a GPU.',
  );
}

/** "the model needs about 1.3 GB on the wasm engine, and this container may use 1.0 GB of memory" */
export function neededMemoryText(
  kind: Device['kind'],
  engine: EngineName,
  parameters: number,
  machine: LimitedMachine,
): string {
  if (kind !== 'cpu') return memoryText(machine); // What a GPU's driver takes of it is not known.
  const needed = gigabytes(leastMemory(engine, parameters));
  return `the model needs about ${needed} on the ${engine} engine, and ${memoryText(machine)}`;
}

/** What a worker's environment says of its threads: libtensorflow and native/kernels.cc read it. */
export function threadEnvironment(threads: number): Record<string, string> {
  return { TF_NUM_INTRAOP_THREADS: String(threads) };
}

/** Where not even one worker on the processor fits, small as its batches may become. */
export function memoryWarning(
  {
    device,
    kind,
    engine,
  }: { readonly device: string; readonly kind: Device['kind']; readonly engine: EngineName },
  parameters: number,
  machine: LimitedMachine,
): string[] {
  if (kind !== 'cpu' || leastMemory(engine, parameters) <= machine.memory) return [];
  const needed = neededMemoryText(kind, engine, parameters, machine);
  return [`${device}: memory may not suffice: ${needed}`];
}
