/** A worker: the process that worker.ts starts. It attributes batches of prompts until it is told to cease. */
import { integratedGradients } from '../../src/attribution/integrated-gradients.js';
import { readModelConfig } from '../../src/model/config.js';
import type { LanguageModel } from '../../src/model/language-model.js';
import { loadWeights } from '../../src/model/load.js';
import { fail, reply, serve } from './child.js';
import { demandOf, type Gpu, startGpu } from './gpu.js';
import { RULE, STEPS, type Work, workOf } from './shapes.js';
import { type Order, orderSchema, type Prepared, type Timed, workerArgumentSchema } from './worker.js';

/** What is timed takes at least so long, in seconds, and so many batches. */
const SECONDS = 4;
const BATCHES = 2;

await serve(workerArgumentSchema, async ({ folder, layersTogether }) => {
  const gpu = await startGpu();
  const model = await loadWeights(folder, await readModelConfig(folder));
  let work: Work | undefined;
  const attribute = async () => {
    if (!work) throw new Error('a worker without its batch');
    await attributeAll(model, work, layersTogether);
  };
  let ceased = false;
  const obey = async (order: Order): Promise<void> => {
    if (order.order === 'cease') {
      ceased = true;
    } else if (order.order === 'prepare') {
      work = workOf(order.prompts, model.vocabularySize);
      reply(await prepare(gpu, attribute));
    } else {
      reply(await time(attribute));
      if (!order.company) return;
      // Goes on, so that none of the others, who may take longer, is measured with less company.
      ceased = false;
      while (!ceased) await attribute();
      reply({ ceased });
    }
  };
  process.on('message', message => void obey(orderSchema.parse(message)).catch(fail));
  return { loaded: true };
});

function attributeAll(
  model: LanguageModel,
  { batch, answers }: Work,
  layersTogether: boolean,
): Promise<unknown> {
  // The whole batch, whatever its size: together, it takes as much as so many samples through all layers.
  const passes = layersTogether ? (model.layers + 1) / 2 : 1;
  const samplesAtOnce = Math.ceil(answers.length * STEPS * passes);
  return integratedGradients(model, batch, answers, {
    rule: RULE,
    steps: STEPS,
    samplesAtOnce,
    layersTogether,
  });
}

/** The first batch compiles kernels and makes buffers; the second is as all that follow. */
async function prepare(gpu: Gpu, attribute: () => Promise<void>): Promise<Prepared> {
  await attribute();
  return demandOf(gpu, attribute);
}

async function time(attribute: () => Promise<void>): Promise<Timed> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  let [batches, seconds] = [0, 0];
  while (batches < BATCHES || seconds < SECONDS) {
    await attribute(); // Its scores are read at the end: the GPU has done all of it.
    batches++;
    seconds = (performance.now() - start) / 1000;
  }
  const { user, system } = process.cpuUsage(cpu);
  return { batches, seconds, cpuSeconds: (user + system) / 1e6 };
}
