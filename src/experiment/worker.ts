/** A worker process: holds one model and runs tasks on it. */
import workerpool from 'workerpool';
import { EngineFault, OutOfMemoryError, UserError } from '../errors.js';
import type { LanguageModel } from '../model/language-model.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import type { Tokenizer } from '../model/tokenizer/tokenizer.js';
import type { DeviceKind } from '../runtime/devices/device.js';
import { type Engine, startOn } from '../runtime/engine.js';
import type { EngineName } from '../runtime/engine-names.js';
import { endWithParent } from '../runtime/orphan-watch.js';
import { asOutOfMemory } from '../runtime/out-of-memory.js';
import { type ErasureTask, runErasureTask } from './erasure/task.js';
import { type CountTask, runCountTask } from './facts/count-task.js';
import type { FactRecord } from './facts/record.js';
import { type Batches, type FactTask, runFactTask } from './facts/task.js';
import { WeightsInDoubt } from './run/changed-values.js';
import { gather, type Passes, passesOn } from './run/gathered-passes.js';
import { runUpdateTask, type UpdateTask } from './update/task.js';

/** What the pool tells a worker at its start. */
export interface WorkerStart {
  readonly modelFolder: string;
  readonly engine: EngineName;
  /** Of the device that the environment names. */
  readonly device: DeviceKind;
}

/** What a worker can be asked to do. */
export type WorkerMethod = 'runFact' | 'runCount' | 'runUpdate' | 'runErasure';

/** What each of these is called with; a record comes back for each task. */
export interface TaskCall<Task> {
  /** Facts that are measured on the model as it is go through it together; those that change it, one after the other. */
  readonly tasks: readonly Task[];
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

/** Does some work on the model. Full memory is an error of its own, whichever engine meets it. */
async function onModel(work: (loaded: LoadedModel) => Promise<FactRecord[]>): Promise<FactRecord[]> {
  loading ??= load();
  try {
    return await work((await loading).loaded);
  } catch (error) {
    const full = asOutOfMemory(error) ?? (error instanceof WeightsInDoubt && asOutOfMemory(error.cause));
    // The pool ends a worker whose memory was full, and starts another.
    if (full) throw full;
    if (error instanceof WeightsInDoubt) {
      console.error(error.message);
      process.exit(1);
    }
    throw error;
  }
}

workerpool.worker({
  /** Loads the model, so that a model that cannot be loaded ends the run before it begins. */
  async ready(): Promise<Engine> {
    loading ??= load();
    return (await loading).engine;
  },
  runFact: (call: TaskCall<FactTask>) => together(call, runFactTask),
  runCount: (call: TaskCall<CountTask>) => together(call, runCountTask),
  runUpdate: (call: TaskCall<UpdateTask>) => inTurn(call, runUpdateTask),
  runErasure: (call: TaskCall<ErasureTask>) => inTurn(call, runErasureTask),
});

function together<Task>(
  { tasks, batchBytes }: TaskCall<Task>,
  run: (
    model: LanguageModel,
    tokenizer: Tokenizer,
    task: Task,
    batches: Batches,
    passes: Passes,
  ) => Promise<FactRecord>,
): Promise<FactRecord[]> {
  const batches = { batchBytes, layersTogether: start.device !== 'cpu' };
  return onModel(({ model, tokenizer }) =>
    gather(
      passesOn(model, batchBytes),
      tasks.map(task => passes => run(model, tokenizer, task, batches, passes)),
    ),
  );
}

function inTurn<Task>(
  { tasks, batchBytes }: TaskCall<Task>,
  run: (loaded: LoadedModel, task: Task, batchBytes: number) => Promise<FactRecord>,
): Promise<FactRecord[]> {
  return onModel(async loaded => {
    const records: FactRecord[] = [];
    for (const task of tasks) records.push(await run(loaded, task, batchBytes));
    return records;
  });
}
