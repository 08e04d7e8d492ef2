/** A worker: the process that worker.ts has the pool start. It scores batches of prompts, as well as their neurons take. */
import workerpool from 'workerpool';
import { scorePromptsOn } from '../../src/attribution/score-prompts.js';
import { readModelConfig } from '../../src/model/config.js';
import type { LanguageModel } from '../../src/model/language-model.js';
import { loadWeights } from '../../src/model/load.js';
import { undecidedNeurons } from '../../src/neurons/undecided.js';
import { startEngine } from '../../src/runtime/engine.js';
import { endWithParent } from '../../src/runtime/orphan-watch.js';
import { type Demand, demandOf } from './demand.js';
import { RULE, STEPS, THRESHOLD, workOf } from './shapes.js';
import type { BatchWork, Timed, WorkerStart } from './worker.js';

/** What is timed takes at least so long, in seconds, and so many batches. */
const SECONDS = 4;
const BATCHES = 2;

// Standard output is for the table.
console.log = console.error;
endWithParent();

const { folder }: WorkerStart = JSON.parse(process.argv[2]);
let loading: Promise<LanguageModel> | undefined;

async function load(): Promise<LanguageModel> {
  await startEngine('webgpu');
  return loadWeights(folder, await readModelConfig(folder));
}

workerpool.worker({
  async ready(): Promise<void> {
    loading ??= load();
    await loading;
  },
  /** The first batch compiles kernels and makes buffers; the second is as all that follow. */
  async prepare(work: BatchWork): Promise<Demand> {
    await score(work);
    return demandOf(() => score(work));
  },
  async time(work: BatchWork): Promise<Timed> {
    const start = performance.now();
    const cpu = process.cpuUsage();
    let [batches, seconds] = [0, 0];
    while (batches < BATCHES || seconds < SECONDS) {
      await score(work);
      batches++;
      seconds = (performance.now() - start) / 1000;
    }
    const { user, system } = process.cpuUsage(cpu);
    return { batches, seconds, cpuSeconds: (user + system) / 1e6 };
  },
  score,
});

/** Its scores are read at the end: the GPU has done all of it. */
async function score({ prompts, path }: BatchWork): Promise<void> {
  loading ??= load();
  const model = await loading;
  const { batch, answers } = workOf(prompts, model.vocabularySize);
  const queries = batch.tokens.map((tokens, i) => [
    { tokens, position: batch.positions[i], answer: answers[i] },
  ]);
  const batchBytes = Number.POSITIVE_INFINITY; // the whole batch, whatever its size
  const options = { rule: RULE, steps: STEPS, path, batchBytes } as const;
  await scorePromptsOn(model)(queries, options, undecidedNeurons(THRESHOLD));
}
