/** A worker process: holds one model and runs tasks on it. */
import workerpool from 'workerpool';
import { EngineFault, OutOfMemoryError, UserError } from '../../errors.js';
import { type LoadedModel, loadModel } from '../../model/load.js';
import { printable } from '../../printable.js';
import type { DeviceKind } from '../../runtime/devices/device.js';
import { type Engine, startOn } from '../../runtime/engine.js';
import type { EngineName } from '../../runtime/engine-names.js';
import type { ReadyWorker } from '../../runtime/fleet.js';
import { endWithParent } from '../../runtime/orphan-watch.js';
import { asOutOfMemory } from '../../runtime/out-of-memory.js';
import { WeightsInDoubt } from './changed-values.js';
import type { JournalRecord } from './record-kind.js';
import type { TaskCall, TaskKind } from './task.js';

/** What the pool tells a worker at its start. */
export interface WorkerStart {
  readonly modelFolder: string;
  readonly engine: EngineName;
  /** Of the device that the environment names. */
  readonly device: DeviceKind;
}

interface Loaded {
  readonly engine: Engine;
  readonly loaded: LoadedModel;
}

/** Makes this process a worker, as runtime/worker-pool.ts starts them: it answers `ready`, and calls of every kind of task. */
export function serveTasks(kinds: readonly TaskKind<never>[]): void {
  // Standard output belongs to the command's own results; whatever a library prints here goes to standard error.
  console.log = console.error;
  // Ctrl-C reaches the whole process group: the command decides what becomes of its workers.
  process.on('SIGINT', () => undefined);
  // The answer to a parent that is gone.
  process.on('error', () => process.exit(1));
  endWithParent();

  const start: WorkerStart = JSON.parse(process.argv[2]);
  let loading: Promise<Loaded> | undefined;
  const loadOnce = () => {
    loading ??= load(start);
    return loading;
  };
  const methods = kinds.map(
    kind =>
      [
        kind.method,
        ({ tasks, batchBytes }: TaskCall<never>) =>
          onModel(loadOnce, loaded => kind.run(loaded, tasks, { batchBytes })),
      ] as const,
  );
  workerpool.worker({
    /** Loads the model: where the first worker cannot, the run ends before it begins. */
    ready: async (): Promise<ReadyWorker> => {
      const { engine, loaded } = await loadOnce();
      return { ...engine, notices: loaded.notices ?? [] };
    },
    ...Object.fromEntries(methods),
  });
}

async function load({ device, engine: name, modelFolder }: WorkerStart): Promise<Loaded> {
  // A process whose GPU is lost computes nothing more; the pool starts another. Full memory is an error of the task.
  const onLoss = (error: UserError) => {
    if (error instanceof OutOfMemoryError) return;
    console.error(printable(error.message));
    process.exit(1);
  };
  const engine = await startOn(device, name, onLoss).catch(error => {
    throw error instanceof UserError ? new EngineFault(error.message, error.remedy) : error;
  });
  return { engine, loaded: await loadModel(modelFolder) };
}

/** Does some work on the model. Full memory is an error of its own, whichever engine meets it. */
async function onModel(
  load: () => Promise<Loaded>,
  work: (loaded: LoadedModel) => Promise<JournalRecord[]>,
): Promise<JournalRecord[]> {
  try {
    return await work((await load()).loaded);
  } catch (error) {
    const full = asOutOfMemory(error) ?? (error instanceof WeightsInDoubt && asOutOfMemory(error.cause));
    // The pool ends a worker whose memory was full, and starts another.
    if (full) throw full;
    if (error instanceof WeightsInDoubt) {
      console.error(printable(error.message));
      process.exit(1);
    }
    throw error;
  }
}
