/** A run over a data set: what `evaluate` does, and `find`, `suppress` and `enhance` without a prompt. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Dataset, openDataset } from '../dataset/dataset.js';
import { planRun, type RunPlan, unrelatedFacts } from '../experiment/plan.js';
import { holdFolder, ResultsFolder } from '../experiment/results-folder.js';
import type { Stages } from '../experiment/stages.js';
import { doWork } from '../experiment/work.js';
import type { WorkerReady, WorkerStart } from '../experiment/worker.js';
import { writeResults } from '../experiment/write-results.js';
import { figureFiles } from '../figures/figure-files.js';
import { parameterCount, readBertConfig } from '../model/bert/config.js';
import type { LocatedModel } from '../model/locate.js';
import { loadTokenizer } from '../model/tokenizer.js';
import { defaultWorkerCount, workersOfEngine } from '../runtime/worker-count.js';
import { WorkerPool } from '../runtime/worker-pool.js';
import { type AskedInterventions, type DataRunOptions, settingsOf, stagesOf } from './data-settings.js';
import { Interrupted } from './exit.js';
import { interruptible } from './interrupt.js';
import { findData, findModel } from './locate.js';
import type { OutputOptions, RunOptions } from './options.js';
import { createProgress, type Progress } from './progress.js';
import { printSummary } from './summary.js';
import { workProgress } from './work-progress.js';

type Options = DataRunOptions & RunOptions & OutputOptions;

const WORKER_SCRIPT = fileURLToPath(new URL('../experiment/worker.js', import.meta.url));

interface PreparedRun {
  readonly command: string;
  readonly options: Options;
  readonly model: LocatedModel;
  readonly data: { readonly name: string; readonly dataset: Dataset };
  readonly stages: Stages;
  readonly plan: RunPlan;
  readonly workers: number;
  readonly resultsFolder: string;
  readonly progress: Progress;
}

/**
 * @param command as the user knows it: "evaluate pararel"
 * @returns the exit code
 */
export async function runOverData(
  command: string,
  options: Options,
  asked: AskedInterventions,
): Promise<number> {
  const run = await prepare(command, options, asked);
  const lock = await holdFolder(run.resultsFolder);
  try {
    return await interruptible(signal => execute(run, signal));
  } finally {
    run.progress.stop();
    await lock.release();
  }
}

/** All that can be checked before anything is computed or written. */
async function prepare(command: string, options: Options, asked: AskedInterventions): Promise<PreparedRun> {
  const progress = createProgress(options);
  const { name, folder } = await findData(options, options, progress);
  const { relations, limit, facts } = options;
  const dataset = await openDataset(folder, {
    ...(relations && { relations }),
    ...(limit !== undefined && { limit }),
    ...(facts && { facts }),
  });
  const model = await findModel(options, progress);
  const config = await readBertConfig(model.folder);
  const stages = await stagesOf(options, asked, config);
  const tokenizer = await loadTokenizer(model.folder, config.vocabularySize);
  const plan = planRun(dataset, tokenizer, config.maxPositions, stages);
  unrelatedFacts(plan, stages.unrelated);
  progress.stop();
  return {
    command,
    options,
    model,
    data: { name, dataset },
    stages,
    plan,
    workers: options.workers ?? defaultWorkerCount(parameterCount(config)),
    resultsFolder: options.results ?? join('results', model.name),
    progress,
  };
}

async function execute(run: PreparedRun, signal: AbortSignal): Promise<number> {
  const { model, stages, plan, progress, options } = run;
  const start: WorkerStart = { modelFolder: model.folder, engine: options.engine };
  const environments = Array.from({ length: run.workers }, () => ({}));
  const pool = new WorkerPool({ script: WORKER_SCRIPT, start, environments });
  const onAbort = () => void pool.close();
  signal.addEventListener('abort', onAbort);
  try {
    const { engine } = await pool.call<WorkerReady>('ready', null);
    if (options.workers === undefined) pool.shrink(workersOfEngine(engine.name, pool.size));
    const settings = await settingsOf({ ...run, engine });
    const session = { arguments: process.argv.slice(2), workers: pool.size };
    const folder = await ResultsFolder.begin(run.resultsFolder, settings, session, options.fresh ?? false);
    try {
      if (engine.notice) progress.notice(engine.notice);
      progress.notice(`${engine.name} engine (${engine.version}), ${pool.size} workers`);
      const failed = await doWork({
        plan,
        unrelated: unrelatedFacts(plan, stages.unrelated),
        stages,
        dataset: run.data.dataset,
        pool,
        journal: folder.journal,
        signal,
        onProgress: workProgress(progress),
      });
      progress.stop();
      // A folder where interventions were measured before keeps showing them, whatever this command did.
      const unrelated = unrelatedFacts(plan, stages.unrelated ?? folder.settings.unrelated ?? null);
      const finished = { model: model.name, plan, unrelated, stages, failed };
      const { summary, files } = await writeResults(finished, folder, figureFiles);
      return printSummary(summary, files, run.resultsFolder, options);
    } finally {
      folder.close();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted(
      `Interrupted. Finished facts are kept in ${run.resultsFolder}; the same command goes on from there.`,
    );
  } finally {
    signal.removeEventListener('abort', onAbort);
    await pool.close();
  }
}
