/** The workers of a session, what they are planned to take, and what becomes of that as memory proves full. */
import type { LocatedModel } from '../../model/checkpoint/locate.js';
import { type ModelConfig, parameterCount } from '../../model/config.js';
import type { Progress } from '../../progress.js';
import { BatchMemory, loweredText } from '../../runtime/batch-memory.js';
import type { ChosenDevices } from '../../runtime/devices/choose-devices.js';
import { type DevicePlan, planText, startFleet } from '../../runtime/fleet.js';
import { memoryText, thisMachine } from '../../runtime/machine.js';
import { fewerText, MemoryRelief } from '../../runtime/memory-relief.js';
import { neededMemoryText } from '../../runtime/worker-plan.js';
import type { WorkerPool } from '../../runtime/worker-pool.js';
import { factsTogether } from './facts-together.js';
import { startingKeptEngine } from './kept-engine.js';
import { knownToFit } from './known-batches.js';
import { askedWorkers } from './plan.js';
import type { ReadyRun } from './ready-run.js';
import type { RunRequest } from './request.js';
import type { RecordedPlan } from './settings.js';
import type { Work } from './work.js';
import type { WorkerStart } from './worker.js';

/** Who work, and how much at once: what {@link doWork} takes of them. */
export type Crew = Pick<Work<never>, 'pool' | 'batchMemory' | 'memoryRelief' | 'together'> & {
  /** What they compute on by now. */
  readonly plans: () => readonly RecordedPlan[];
};

/** What of a run its workers need in order to start. */
export interface StartableRun {
  readonly request: RunRequest;
  readonly model: LocatedModel;
  readonly config: ModelConfig;
  readonly chosen: ChosenDevices;
}

/**
 * Starts workers.
 * @throws UserError where none starts
 */
export function startWorkers(
  { request, model, config, chosen }: StartableRun,
  pool: WorkerPool,
  progress: Progress,
): Promise<DevicePlan[]> {
  return startingKeptEngine(request, () =>
    startFleet(pool, {
      chosen,
      parameters: parameterCount(config),
      asked: askedWorkers(request),
      startOf: (device, engine): WorkerStart => ({ modelFolder: model.folder, engine, device: device.kind }),
      notice: progress.notice,
    }),
  );
}

/** Workers that load the model while the rest of a run is still being prepared. */
export interface EarlyWorkers {
  readonly chosen: ChosenDevices;
  readonly started: Promise<DevicePlan[]>;
}

/** Does not throw: whoever waits for them hears why none started. */
export function startEarly(run: StartableRun, pool: WorkerPool, progress: Progress): EarlyWorkers {
  const started = startWorkers(run, pool, progress);
  started.catch(() => undefined);
  return { chosen: run.chosen, started };
}

/**
 * What workers are planned to take, or less.
 * @param earlier what the folder's earlier sessions computed on
 */
export function withKnownBatches(
  plans: readonly DevicePlan[],
  request: RunRequest,
  earlier: readonly RecordedPlan[],
): readonly DevicePlan[] {
  // What earlier sessions found to fit. Fewer workers are not taken over: they change no number, and memory may be there again.
  if (request.devices.batchMemory !== null) return plans;
  return plans.map(plan => {
    const batchBytes = knownToFit(recordedPlan(plan), earlier);
    return batchBytes < plan.batchBytes ? { ...plan, batchBytes, memoryWasFull: true } : plan;
  });
}

/** @param onChange told each time that a device gets smaller batches or fewer workers */
export function crewOf(
  { data, tasks }: Pick<ReadyRun, 'data' | 'tasks'>,
  started: readonly DevicePlan[],
  pool: WorkerPool,
  progress: Progress,
  onChange: () => void,
): Crew {
  let plans = started;
  for (const plan of plans) progress.notice(planText(plan));
  const change = (id: string, changed: (plan: DevicePlan) => Partial<DevicePlan>) => {
    plans = plans.map(plan => (plan.device.id === id ? { ...plan, ...changed(plan) } : plan));
    onChange();
  };
  const batchMemory = new BatchMemory(
    new Map(plans.map(({ device, batchBytes }) => [device.id, batchBytes])),
    (id, batchBytes, isKnown) => {
      progress.notice(loweredText(id, batchBytes, isKnown));
      // Later sessions take over what is known, and not what was guessed.
      change(id, ({ memoryWasFull }) => ({ batchBytes, memoryWasFull: memoryWasFull || isKnown }));
    },
  );
  const machine = thisMachine();
  const [{ device, engine }] = plans;
  const memoryRelief = new MemoryRelief({
    workforce: pool,
    memory: batchMemory,
    onFewer: (id, workers, isKnown) => {
      progress.notice(fewerText(id, workers, isKnown, memoryText(machine)));
      change(id, () => ({ workers }));
    },
    lack: neededMemoryText(device.kind, engine.name, parameterCount(data.config), machine),
  });
  const onGpu = plans.some(({ device }) => device.kind !== 'cpu');
  const sideBySide = new Set(tasks.filter(task => task.sideBySide).map(({ method }) => method));
  return {
    ...{ pool, batchMemory, memoryRelief },
    together: (method, pieces) => (sideBySide.has(method) ? factsTogether(pieces, data.config, onGpu) : 1),
    plans: () => plans.map(recordedPlan),
  };
}

/** A device's plan as run.json has it. */
function recordedPlan({
  device,
  engine,
  workers,
  threads,
  batchBytes,
  memoryWasFull,
}: DevicePlan): RecordedPlan {
  return {
    device: device.id,
    name: device.name,
    engine: engine.name,
    version: engine.version,
    workers,
    threads,
    batch_bytes: batchBytes,
    memory_was_full: memoryWasFull,
  };
}
