/** A run over a data set: what every command does that asks one, whatever it measures. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Dataset, openDataset } from '../../dataset/dataset.js';
import type { FactKey } from '../../dataset/fact.js';
import type { Stages } from '../../experiment/facts/stages.js';
import type { DoWork } from '../../experiment/facts/work.js';
import { negativeFacts, planRun, type RunPlan } from '../../experiment/run/askable-facts.js';
import { FACTS_TOGETHER, SIDE_BY_SIDE } from '../../experiment/run/gathered-passes.js';
import { fewerNegatives } from '../../experiment/run/negatives.js';
import { earlierPlans, holdFolder, ResultsFolder } from '../../experiment/run/results-folder.js';
import type { RecordedPlan } from '../../experiment/run/settings.js';
import { doWork, type OpenWork } from '../../experiment/run/work.js';
import type { WorkerStart } from '../../experiment/worker.js';
import type { LocatedModel } from '../../model/checkpoint/locate.js';
import { type ModelConfig, parameterCount, readModelConfig } from '../../model/config.js';
import { loadTokenizer } from '../../model/tokenizer/load-tokenizer.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { BatchMemory, loweredText } from '../../runtime/batch-memory.js';
import { type ChosenDevices, chooseDevices } from '../../runtime/devices/choose-devices.js';
import { type DevicePlan, planText, startFleet } from '../../runtime/fleet.js';
import { WorkerPool } from '../../runtime/worker-pool.js';
import type { DataRunOptions } from '../options/data-run-options.js';
import {
  type AskedInterventions,
  type RecordedExperiment,
  recordedPlan,
  settingsOf,
  stagesOf,
} from '../options/data-settings.js';
import type { ModelOptions } from '../options/options.js';
import { Interrupted } from '../output/exit.js';
import { interruptible } from '../output/interrupt.js';
import { createProgress, type Progress } from '../output/progress.js';
import { workProgress } from '../output/work-progress.js';
import { findData, findModel } from './locate.js';

const WORKER_SCRIPT = fileURLToPath(new URL('../../experiment/worker.js', import.meta.url));

/** What one command measures. */
export interface DataExperiment {
  /** As the user knows it: "evaluate pararel". */
  readonly command: string;
  readonly asked: AskedInterventions;
  readonly recorded: RecordedExperiment;
  /** Of the name of its own results folder, after the model. */
  readonly suffix: string;
  /** Whether facts that the given neurons lack are left out of everything. */
  readonly needsNeurons: boolean;
  /**
   * Checks what can be checked before anything is computed or written.
   * @returns what to do once workers have started
   */
  readonly prepare: (data: ExperimentData) => (session: DataSession) => Promise<number>;
}

export interface ExperimentData {
  /** The model's name. */
  readonly model: string;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  readonly dataset: Dataset;
  readonly stages: Stages;
  readonly plan: RunPlan;
}

/** A results folder that is open, and workers that work into it. */
export interface DataSession {
  readonly folder: ResultsFolder;
  /** Does work, and shows its progress under a name. Returns what failed. */
  readonly work: DoWork;
  /** Facts that each fact's negative prompts are made of, where they are asked for. */
  readonly negatives: ReadonlyMap<string, readonly FactKey[]>;
}

interface PreparedRun {
  readonly command: string;
  readonly recorded: RecordedExperiment;
  readonly options: DataRunOptions;
  readonly model: LocatedModel;
  readonly config: ModelConfig;
  readonly data: { readonly name: string; readonly dataset: Dataset };
  readonly stages: Stages;
  readonly plan: RunPlan;
  readonly chosen: ChosenDevices;
  readonly resultsFolder: string;
  readonly progress: Progress;
  readonly measure: (session: DataSession) => Promise<number>;
}

/** @returns the exit code */
export async function runExperiment(experiment: DataExperiment, options: DataRunOptions): Promise<number> {
  const run = await prepare(experiment, options);
  const lock = await holdFolder(run.resultsFolder);
  try {
    return await interruptible(signal => execute(run, signal));
  } finally {
    run.progress.stop();
    await lock.release();
  }
}

/** All that can be checked before anything is computed or written. */
async function prepare(experiment: DataExperiment, options: DataRunOptions): Promise<PreparedRun> {
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
  const stages = await stagesOf(options, experiment.asked, config);
  const tokenizer = await loadTokenizer(model.folder, config);
  const { neurons, maxAnswerTokens } = stages;
  const plan = planRun(dataset, tokenizer, config, {
    maxAnswerTokens,
    ...(experiment.needsNeurons && { neurons }),
  });
  const measure = experiment.prepare({ model: model.name, config, tokenizer, dataset, stages, plan });
  const chosen = await chooseDevices(options);
  progress.stop();
  return {
    command: experiment.command,
    recorded: experiment.recorded,
    options,
    model,
    config,
    data: { name, dataset },
    stages,
    plan,
    chosen,
    resultsFolder: options.results ?? join('results', `${model.name}${experiment.suffix}`),
    progress,
    measure,
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
      const isGpu = (id: string) => plans.some(({ device }) => device.id === id && device.kind !== 'cpu');
      const work = async (name: string, { open, done }: OpenWork) => {
        const onProgress = workProgress(progress, name);
        const failed = await doWork({
          ...{ open, done, pool, batchMemory, signal, onProgress },
          piecesAtOnce: (id, method) => (isGpu(id) && SIDE_BY_SIDE.has(method) ? FACTS_TOGETHER : 1),
          journal: folder.journal,
        });
        progress.stop();
        return failed;
      };
      return await run.measure({ folder, work, negatives }).finally(async () => {
        if (!plans.some(({ memoryWasFull }) => memoryWasFull)) return;
        // A disk that takes no more is no reason to hide how the work ended: the next session finds it out again.
        await folder.notePlans(plans.map(recordedPlan)).catch(() => undefined);
      });
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
