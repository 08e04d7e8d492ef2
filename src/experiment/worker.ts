/** A worker process: holds one model and runs facts on it. */
import workerpool from 'workerpool';
import { EngineFault, OutOfMemoryError, UserError } from '../errors.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import type { DeviceKind } from '../runtime/devices/device.js';
import { type Engine, startOn } from '../runtime/engine.js';
import type { EngineName } from '../runtime/engine-names.js';
import { endWithParent } from '../runtime/orphan-watch.js';
import { asOutOfMemory } from '../runtime/out-of-memory.js';
import { type CountTask, runCountTask } from './count-task.js';
import { type FactTask, runFactTask } from './fact-task.js';
import type { FactRecord } from './record.js';

/** What the pool tells a worker at its start. */
export interface WorkerStart {
  readonly modelFolder: string;
  readonly engine: EngineName;
  /** Of the device that the environment names. */
  readonly device: DeviceKind;
}

export type WorkerTask = FactTask | CountTask;

/** What `runFact` is called with. */
export interface TaskCall {
  readonly task: WorkerTask;
  /** What the values of a batch may take. */
  readonly batchBytes: number;
}

// Standard output belongs to the command's own results; whatever a library prints here goes to standard error.
console.log = console.error;
// Ctrl-C reaches the whole process group: the command decides what becomes of its workers.
process.on('SIGINT', () => undefined);
// The answer to a parent that is gone.
process.on('error', () => process.exit(1));
endWithParent();

const start: WorkerStart = JSON.parse(process.argv[2]);
let loading: Promise<{ engine: Engine; loaded: LoadedModel }> | undefined;

async function load() {
  // A process whose GPU is lost computes nothing more; the pool starts another. Full memory is an error of the task.
  const onLoss = (error: UserError) => {
    if (error instanceof OutOfMemoryError) return;
    console.error(error.message);
    process.exit(1);
  };
  const engine = await startOn(start.device, start.engine, onLoss).catch(error => {
    throw error instanceof UserError ? new EngineFault(error.message, error.remedy) : error;
  });
  return { engine, loaded: await loadModel(start.modelFolder) };
}

workerpool.worker({
  /** Loads the model, so that a model that cannot be loaded ends the run before it begins. */
  async ready(): Promise<Engine> {
    loading ??= load();
    return (await loading).engine;
  },
  async runFact({ task, batchBytes }: TaskCall): Promise<FactRecord> {
    loading ??= load();
    try {
      const { model, tokenizer } = (await loading).loaded;
      const batches = { batchBytes, layersTogether: start.device !== 'cpu' };
      return 'counting' in task
        ? await runCountTask(model, tokenizer, task, batches)
        : await runFactTask(model, tokenizer, task, batches);
    } catch (error) {
      throw asOutOfMemory(error) ?? error;
    }
  },
});
