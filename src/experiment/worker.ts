/** A worker process: holds one model and runs facts on it. */
import workerpool from 'workerpool';
import { type LoadedModel, loadModel } from '../model/load.js';
import { type Engine, startEngine } from '../runtime/engine.js';
import type { EngineChoice } from '../runtime/engine-names.js';
import { endWithParent } from '../runtime/orphan-watch.js';
import { type FactTask, runFactTask } from './fact-task.js';
import type { FactRecord } from './record.js';

/** What the pool tells a worker at its start. */
export interface WorkerStart {
  readonly modelFolder: string;
  readonly engine: EngineChoice;
}

export interface WorkerReady {
  readonly engine: Engine;
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
  // A process whose GPU is lost computes nothing more; the pool starts another.
  const engine = await startEngine(start.engine, error => {
    console.error(error.message);
    process.exit(1);
  });
  return { engine, loaded: await loadModel(start.modelFolder) };
}

workerpool.worker({
  /** Loads the model, so that a model that cannot be loaded ends the run before it begins. */
  async ready(): Promise<WorkerReady> {
    loading ??= load();
    return { engine: (await loading).engine };
  },
  async runFact(task: FactTask): Promise<FactRecord> {
    loading ??= load();
    const { model, tokenizer } = (await loading).loaded;
    return runFactTask(model, tokenizer, task);
  },
});
