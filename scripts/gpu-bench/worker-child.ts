/** A worker: the process that worker.ts starts. It attributes batches of prompts until it is told to cease. */
import { integratedGradients } from '../../src/attribution/integrated-gradients.js';
import { readBertConfig } from '../../src/model/bert/config.js';
import { BertModel } from '../../src/model/bert/model.js';
import { Checkpoint } from '../../src/model/checkpoint.js';
import type { LanguageModel } from '../../src/model/language-model.js';
import { fail, reply, serve } from './child.js';
import { demandOf, type Gpu, startGpu } from './gpu.js';
import { RULE, STEPS, type Work, workOf } from './shapes.js';
import { type Order, orderSchema, type Prepared, type Timed, workerArgumentSchema } from './worker.js';

/** What is timed takes at least so long, in seconds, and so many batches. */
const SECONDS = 4;
const BATCHES = 2;

await serve(workerArgumentSchema, async ({ folder }) => {
  const gpu = await startGpu();
  const model = await loadFrom(folder);
  let work: Work | undefined;
  let ceased = false;
  const obey = async (order: Order): Promise<void> => {
    if (order.order === 'cease') {
      ceased = true;
    } else if (order.order === 'prepare') {
      work = workOf(order.prompts, model.vocabularySize);
      reply(await prepare(gpu, model, work));
    } else {
      if (!work) throw new Error('a worker without its batch');
      reply(await time(model, work));
      if (!order.company) return;
      // Goes on, so that none of the others, who may take longer, is measured with less company.
      ceased = false;
      while (!ceased) await attribute(model, work);
      reply({ ceased });
    }
  };
  process.on('message', message => void obey(orderSchema.parse(message)).catch(fail));
  return { loaded: true };
});

async function loadFrom(folder: string): Promise<LanguageModel> {
  const checkpoint = await Checkpoint.open(folder);
  try {
    return await BertModel.load(checkpoint, await readBertConfig(folder));
  } finally {
    await checkpoint.close();
  }
}

function attribute(model: LanguageModel, { batch, answers }: Work): Promise<unknown> {
  const samplesAtOnce = answers.length * STEPS; // the whole batch, whatever its size
  return integratedGradients(model, batch, answers, { rule: RULE, steps: STEPS, samplesAtOnce });
}

/** The first batch compiles kernels and makes buffers; the second is as all that follow. */
async function prepare(gpu: Gpu, model: LanguageModel, work: Work): Promise<Prepared> {
  await attribute(model, work);
  return demandOf(gpu, () => attribute(model, work));
}

async function time(model: LanguageModel, work: Work): Promise<Timed> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  let [batches, seconds] = [0, 0];
  while (batches < BATCHES || seconds < SECONDS) {
    await attribute(model, work); // Its scores are read at the end: the GPU has done all of it.
    batches++;
    seconds = (performance.now() - start) / 1000;
  }
  const { user, system } = process.cpuUsage(cpu);
  return { batches, seconds, cpuSeconds: (user + system) / 1e6 };
}
