/**
 * npm run bench:replication -- --replication FOLDER [--python PROGRAM] [options]: kn find and the replication,
 * EleutherAI/knowledge-neurons on PyTorch, on this machine in the same minutes: seconds a prompt at
 * bert-base-uncased's shape, and whether they find the same neurons. Exits with 1 where any list of neurons differs.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { basename } from 'node:path';
import { DEMO_DATA, DEMO_MODEL } from '../../src/embedded.js';
import { UsageError, UserError } from '../../src/errors.js';
import { startEngine } from '../../src/runtime/engine.js';
import { threadEnvironment } from '../../src/runtime/worker-plan.js';
import { compareLists } from './lists.js';
import { readOptions } from './options.js';
import { Replication, type ReplicationSettings, type Versions } from './replication.js';
import { type Comparison, listsTable, speedTable, strayLines } from './report.js';
import { compareSpeed } from './speed.js';

try {
  process.exitCode = await compare();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error([error.message, error.remedy].filter(Boolean).join('\n'));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function compare(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  const { replication, repetitions, facts } = options;
  Object.assign(process.env, threadEnvironment(replication.threads));
  const engine = await startEngine(options.engine);
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

  const comparisons: Comparison[] = [];
  const tables: string[] = [];
  if (facts > 0) {
    for (const model of [
      { name: 'demo', model: DEMO_MODEL, data: DEMO_DATA },
      { name: basename(options.model), model: options.model, data: options.data },
    ]) {
      console.log(`Comparing ${facts} facts of ${model.name} ...`);
      comparisons.push({ model: model.name, facts: await compareLists(replication, { ...model, facts }) });
    }
  }
  if (repetitions > 0) {
    console.log("Timing both at bert-base-uncased's shape ...");
    const { rounds, fact } = await compareSpeed(replication, options, ({ replication, kn }) =>
      console.log(
        `  ${replication.secondsPerPrompt.toFixed(2)} s a prompt, kn ${kn.secondsPerPrompt.toFixed(2)}`,
      ),
    );
    comparisons.push({ model: "bert-base's shape, random", facts: [fact] });
    tables.push(speedTable(rounds));
  }
  console.log(`\n${[...tables, listsTable(comparisons)].join('\n\n')}\n`);
  console.log(
    'cores: CPU time over the time that went by. Where it is far below the threads, something else was',
  );
  console.log(
    'at work, and the ratio says little. scores differ by: the largest difference of a prompt, as a share',
  );
  console.log('of its highest score; the median of the prompts.\n');
  const strays = comparisons.flatMap(strayLines);
  console.log(strays.length === 0 ? 'All lists of neurons are equal.' : strays.join('\n'));
  return strays.length === 0 ? 0 : 1;
}

/** By starting it on the smallest model, so that what it lacks is said before minutes go by. */
async function replicationVersions(settings: ReplicationSettings): Promise<Versions> {
  const replication = await Replication.start(settings, DEMO_MODEL);
  replication.close();
  return replication.versions;
}
