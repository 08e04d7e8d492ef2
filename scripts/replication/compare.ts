/**
 * npm run bench:replication -- --replication FOLDER [--python PROGRAM] [options]: kn find and the replication,
 * EleutherAI/knowledge-neurons on PyTorch, on this machine in the same minutes: seconds a prompt of a trained model and at
 * bert-base-uncased's shape, and whether they find the same neurons. Exits with 1 where any list of neurons differs.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { createProgress } from '../../src/cli/output/progress.js';
import { DEMO_DATA, DEMO_MODEL } from '../../src/embedded.js';
import { UsageError, UserError } from '../../src/errors.js';
import { progressTo } from '../../src/progress.js';
import { startEngine } from '../../src/runtime/engine.js';
import { threadEnvironment } from '../../src/runtime/worker-plan.js';
import { compareModel } from './compare-model.js';
import { type Options, readOptions } from './options.js';
import { Replication, type ReplicationSettings, type Versions } from './replication.js';
import { type Comparison, listsTable, speedTable, strayTotals } from './report.js';
import { type Speed, timeRandom, timeTrained } from './speed.js';
import type { TrainedModel } from './trained-model.js';

const LEGEND = `cores: CPU time over the time that went by. Where it is far below the threads, something else was
at work, and the ratio says little. scores differ by: the largest difference of a prompt, as a share
of its highest score; the median of the prompts.`;

const progress = progressTo(createProgress({}).onProgress);

try {
  process.exitCode = await compare(readOptions(process.argv.slice(2)));
} catch (error) {
  progress.stop();
  if (!(error instanceof UserError)) throw error;
  console.error([error.message, error.remedy].filter(Boolean).join('\n'));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function compare(options: Options): Promise<number> {
  const { replication, repetitions, prompts, timedFacts, facts, demoFacts, trained } = options;
  await describeBoth(options);
  const demo: TrainedModel = { name: 'demo', folder: DEMO_MODEL, data: DEMO_DATA };
  const comparisons: Comparison[] = [];
  if (demoFacts > 0) comparisons.push(await compareModel(replication, demo, demoFacts, progress));
  if (facts > 0) comparisons.push(await compareModel(replication, trained, facts, progress));

  const speeds: Speed[] = [];
  if (repetitions > 0 && timedFacts > 0) speeds.push(await timeTrained(options, progress));
  if (repetitions > 0 && prompts > 0) speeds.push(await timeRandom(options, progress));
  comparisons.push(...speeds.map(({ comparison }) => comparison));

  const tables = speeds.map(({ comparison, rounds }) => speedTable(comparison.model, rounds));
  console.log(`\n${[...tables, listsTable(comparisons)].join('\n\n')}\n\n${LEGEND}\n`);
  const strays = strayTotals(comparisons);
  console.log(strays.length === 0 ? 'All lists of neurons are equal.' : strays.join('\n'));
  return strays.length === 0 ? 0 : 1;
}

async function describeBoth({ replication, engine: choice }: Options): Promise<void> {
  Object.assign(process.env, threadEnvironment(replication.threads));
  const engine = await startEngine(choice);
  const versions = await replicationVersions(replication);
  console.log(
    `${new Date().toISOString().slice(0, 16)}Z, ${cpus()[0]?.model}, ${availableParallelism()} cores`,
  );
  console.log(`load of the last minute: ${loadavg()[0].toFixed(2)}`);
  console.log(
    `kn: ${engine.version}${engine.name === 'tensorflow' ? `, ${replication.threads} threads` : ''}`,
  );
  console.log(
    `the replication: PyTorch ${versions.torch}, transformers ${versions.transformers}, Python ${versions.python}, ` +
      `${versions.threads} threads, ${replication.batchSize} steps at once`,
  );
}

/** By starting it on the smallest model, so that what it lacks is said before minutes go by. */
async function replicationVersions(settings: ReplicationSettings): Promise<Versions> {
  const replication = await Replication.start(settings, DEMO_MODEL);
  replication.close();
  return replication.versions;
}
