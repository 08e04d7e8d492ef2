/** The workers of a run: every device that was chosen, with its engine started and its model loaded. */
import { EngineFault, UserError } from '../errors.js';
import { megabytes } from './batch-memory.js';
import type { ChosenDevices } from './devices/choose-devices.js';
import type { Device } from './devices/device.js';
import type { Engine } from './engine.js';
import type { EngineName } from './engine-names.js';
import { type LimitedMachine, type Machine, thisMachine } from './machine.js';
import { killsForMemory } from './memory-kills.js';
import { isFromOutside, MOST_STARTS } from './signals-from-outside.js';
import {
  type AskedWorkers,
  neededMemoryText,
  planWorkers,
  threadEnvironment,
  threadsOf,
  type WorkerPlan,
} from './worker-plan.js';
import { type ReadyingWorkers, WorkerDied, type WorkerPool, type WorkerSpec } from './worker-pool.js';

/** What a worker answers once its model is loaded. */
export interface ReadyWorker extends Engine {
  /** What people should know of the model. */
  readonly notices?: readonly string[];
}

/** What one device does in a run. */
export interface DevicePlan extends WorkerPlan {
  readonly device: Device;
  readonly engine: ReadyWorker;
  /** Batches are smaller than was planned, since it is known that they did not fit. */
  readonly memoryWasFull: boolean;
}

export interface FleetOptions {
  readonly chosen: ChosenDevices;
  readonly asked: AskedWorkers;
  /** Of the model. */
  readonly parameters: number;
  /** What a worker is told at its start. */
  readonly startOf: (device: Device, engine: EngineName) => unknown;
  readonly notice: (text: string) => void;
  /** How many processes the system has killed for their memory; default: what it says. */
  readonly kills?: () => number | undefined;
}

/** A device whose first worker is ready. */
interface StartedDevice {
  readonly plan: DevicePlan;
  readonly others: ReadyingWorkers;
}

/**
 * Starts the workers of the first set of devices that can be started. The first worker of each device says what is wrong, once; the
 * others load the model meanwhile.
 * @throws UserError where no set starts
 */
export async function startFleet(pool: WorkerPool, options: FleetOptions): Promise<DevicePlan[]> {
  const { sets, notices } = options.chosen;
  notices.forEach(options.notice);
  for (const [i, devices] of sets.entries()) {
    const isLast = i === sets.length - 1;
    const ofGpus = devices.filter(({ kind }) => kind !== 'cpu');
    const machine = thisMachine(
      ofGpus.reduce(
        (sum, gpu) => sum + planWorkers(gpu, gpu.engines[0], options.parameters, options.asked).workers,
        0,
      ),
    );
    const started = await Promise.allSettled(
      devices.map(device => startDevice(pool, device, machine, options)),
    );
    const faults = started.flatMap(one => (one.status === 'rejected' ? [one.reason] : []));
    // What is wrong with the model is wrong on every device; and nobody gets fewer of them than asked for unawares.
    const isFinal = (fault: unknown) => isLast || !(fault instanceof EngineFault);
    const final = faults.find(isFinal);
    if (final !== undefined) throw final;
    for (const fault of faults) options.notice(fault.message);
    const there = started.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []));
    if (there.length === 0) continue;
    for (const { others } of there) others.admit();
    for (const text of new Set(there.flatMap(({ plan }) => plan.engine.notices ?? []))) options.notice(text);
    return there.map(({ plan }) => plan);
  }
  throw new UserError('there is no device to compute on', 'kn doctor shows what this machine has.');
}

/** Starts the workers of a device, on the first of its engines on which its first one starts. */
async function startDevice(
  pool: WorkerPool,
  device: Device,
  machine: LimitedMachine,
  options: FleetOptions,
): Promise<StartedDevice> {
  for (const [i, name] of device.engines.entries()) {
    const plan = planWorkers(device, name, options.parameters, options.asked, machine);
    const spec = specOf({ device }, name, machine, options);
    const prepareOthers = () => pool.prepare(Array.from({ length: plan.workers - 1 }, () => spec));
    let others: ReadyingWorkers | undefined = prepareOthers();
    const alone = async () => {
      await others?.close();
      others = undefined;
    };
    try {
      const engine = await startWorker(pool, device, name, machine, options, alone);
      return { plan: { device, engine, ...plan, memoryWasFull: false }, others: others ?? prepareOthers() };
    } catch (error) {
      await alone();
      if (!(error instanceof EngineFault) || i === device.engines.length - 1) throw error;
      options.notice(error.message);
    }
  }
  throw new UserError(`${device.id}: no engine runs there`, 'kn doctor says more.');
}

/**
 * A worker that somebody kills as it starts says nothing of its engine: another engine's numbers would round otherwise. Nor
 * does one that is killed for its memory, of which no other engine takes less.
 * @param alone ends the others before it is tried again, since what killed it may be the memory that they took
 */
async function startWorker(
  pool: WorkerPool,
  device: Device,
  name: EngineName,
  machine: LimitedMachine,
  options: FleetOptions,
  alone: () => Promise<void>,
): Promise<ReadyWorker> {
  const { kills = killsForMemory, parameters } = options;
  for (let start = 1; ; start++) {
    const before = kills();
    try {
      return await pool.start<ReadyWorker>(specOf({ device }, name, machine, options));
    } catch (reason) {
      if (!(reason instanceof WorkerDied)) throw reason;
      if (isFromOutside(reason.how) && start < MOST_STARTS) {
        await alone();
        continue;
      }
      const isForMemory = before !== undefined && (kills() ?? before) > before;
      if (reason.how !== 'SIGKILL' || !isForMemory) throw diedAtStart(device, name, reason);
      throw new UserError(
        `${device.id}: a worker of the ${name} engine was killed as it loaded the model, since memory is full: ${neededMemoryText(device.kind, name, parameters, machine)}`,
        'Give it more memory, then run the same command again.',
      );
    }
  }
}

function diedAtStart({ id }: Device, engine: EngineName, { how }: WorkerDied): EngineFault {
  return new EngineFault(
    `${id}: a worker of the ${engine} engine died as it loaded the model (${how})`,
    'It may have got no memory, or its engine is broken: kn doctor says more.',
  );
}

function specOf(
  { device }: Pick<DevicePlan, 'device'>,
  engine: EngineName,
  machine: Machine,
  { parameters, asked, startOf }: FleetOptions,
): WorkerSpec {
  return {
    device: device.id,
    start: startOf(device, engine),
    environment: {
      ...device.environment,
      ...(device.kind === 'cpu' && threadEnvironment(threadsOf(parameters, asked, machine))),
    },
  };
}

/** "cpu: tensorflow engine (tensorflow 2.21.0, tfjs-node 4.22.0), 2 workers of 1 thread, batches of 420 MB" */
export function planText({ device, engine, workers, threads, batchBytes }: DevicePlan): string {
  const many = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  const where = device.kind === 'cpu' ? device.id : `${device.id} ${device.name}`;
  const each = device.kind === 'cpu' ? ` of ${many(threads, 'thread')}` : '';
  const batch = `batches of ${megabytes(batchBytes)}`;
  return `${where}: ${engine.name} engine (${engine.version}), ${many(workers, 'worker')}${each}, ${batch}`;
}
