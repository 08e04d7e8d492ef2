/** A run over a data set: what `evaluate` does, and `find`, `suppress` and `enhance` without a prompt. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Dataset, openDataset } from '../dataset/dataset.js';
import { fewerNegatives } from '../experiment/negatives.js';
import { doPasses } from '../experiment/passes.js';
import { negativeFacts, planRun, type RunPlan, unrelatedFacts } from '../experiment/plan.js';
import { earlierPlans, holdFolder, ResultsFolder } from '../experiment/results-folder.js';
import type { RecordedPlan } from '../experiment/settings.js';
import type { Stages } from '../experiment/stages.js';
import type { WorkerStart } from '../experiment/worker.js';
import { writeResults } from '../experiment/write-results.js';
import { figureFiles } from '../figures/figure-files.js';
import { type ModelConfig, parameterCount, readModelConfig } from '../model/config.js';
import { loadTokenizer } from '../model/load-tokenizer.js';
import type { LocatedModel } from '../model/locate.js';
import { BatchMemory, loweredText } from '../runtime/batch-memory.js';
import { type ChosenDevices, chooseDevices } from '../runtime/devices/choose-devices.js';
import { type DevicePlan, planText, startFleet } from '../runtime/fleet.js';
import { WorkerPool } from '../runtime/worker-pool.js';
import {
  type AskedInterventions,
  type DataRunOptions,
  recordedPlan,
  settingsOf,
  stagesOf,
} from './data-settings.js';
import { Interrupted } from './exit.js';
import { interruptible } from './interrupt.js';
import { findData, findModel } from './locate.js';
import type { ModelOptions, OutputOptions, RunOptions } from './options.js';
import { createProgress, type Progress } from './progress.js';
import { printSummary } from './summary.js';
import { workProgress } from './work-progress.js';

type Options = DataRunOptions & RunOptions & OutputOptions;

const WORKER_SCRIPT = fileURLToPath(new URL('../experiment/worker.js', import.meta.url));

interface PreparedRun {
  readonly command: string;
  readonly options: Options;
  readonly model: LocatedModel;
  readonly config: ModelConfig;
  readonly data: { readonly name: string; readonly dataset: Dataset };
  readonly stages: Stages;
  readonly plan: RunPlan;
  readonly chosen: ChosenDevices;
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
  const model = await findModel(options, progress);
  const config = await readModelConfig(model.folder);
  const { relations, limit, facts } = options;
  const selection = {
    ...(relations && { relations }),
    ...(limit !== undefined && { limit }),
    ...(facts && { facts }),
  };
  const dataset = await openDataset(folder, selection, config.causal);
  const stages = await stagesOf(options, asked, config);
  const tokenizer = await loadTokenizer(model.folder, config);
  const plan = planRun(dataset, tokenizer, config, stages);
  unrelatedFacts(plan, stages.unrelated);
  const chosen = await chooseDevices(options);
  progress.stop();
  return {
    command,
    options,
    model,
    config,
    data: { name, dataset },
    stages,
    plan,
    chosen,
    resultsFolder: options.results ?? join('results', model.name),
    progress,
  };
}

async function execute(run: PreparedRun, signal: AbortSignal): Promise<number> {
  const { model, stages, plan, progress, options } = run;
  const pool = new WorkerPool(WORKER_SCRIPT);
  const onAbort = () => void pool.close();
  signal.addEventListener('abort', onAbort);
  try {
    const planned = await startFleet(pool, {
      chosen: run.chosen,
      asked: options,
      parameters: parameterCount(run.config),
      startOf: (device, engine): WorkerStart => ({
        modelFolder: model.folder,
        engine,
        device: device.kind,
      }),
      notice: progress.notice,
    });
    let plans = withKnownBatches(planned, options, await earlierPlans(run.resultsFolder));
    const settings = await settingsOf({ ...run, plans });
    const session = { arguments: process.argv.slice(2) };
    const folder = await ResultsFolder.begin(run.resultsFolder, settings, session, options.fresh ?? false);
    try {
      for (const plan of plans) progress.notice(planText(plan));
      const negatives = negativeFacts(plan, stages.negatives);
      const fewer = fewerNegatives(plan.facts, negatives, stages.negatives);
      if (fewer) progress.notice(fewer);
      const batchMemory = new BatchMemory(
        new Map(plans.map(({ device, batchBytes }) => [device.id, batchBytes])),
        (id, batchBytes) => {
          progress.notice(loweredText(id, batchBytes));
          plans = plans.map(plan =>
            plan.device.id === id ? { ...plan, batchBytes, memoryWasFull: true } : plan,
          );
        },
      );
      const failed = await doPasses({
        plan,
        unrelated: unrelatedFacts(plan, stages.unrelated),
        negatives,
        stages,
        dataset: run.data.dataset,
        pool,
        batchMemory,
        journal: folder.journal,
        signal,
        onProgress: workProgress(progress),
      }).finally(async () => {
        if (!plans.some(({ memoryWasFull }) => memoryWasFull)) return;
        // A disk that takes no more is no reason to hide how the work ended: the next session finds it out again.
        await folder.notePlans(plans.map(recordedPlan)).catch(() => undefined);
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

/** With what earlier sessions of this folder found to fit, so that a device is not filled to the brim each time. */
function withKnownBatches(
  plans: readonly DevicePlan[],
  { batchMemory }: ModelOptions,
  earlier: readonly RecordedPlan[],
): DevicePlan[] {
  if (batchMemory !== undefined) return [...plans];
  return plans.map(plan => {
    const now = recordedPlan(plan);
    const found = earlier.filter(
      then =>
        then.memory_was_full &&
        (['device', 'name', 'engine', 'workers'] as const).every(key => then[key] === now[key]),
    );
    const smallest = Math.min(...found.map(({ batch_bytes }) => batch_bytes));
    return smallest < plan.batchBytes ? { ...plan, batchBytes: smallest, memoryWasFull: true } : plan;
  });
}
