/** What a run computes with: workers on its devices, and its results folder with the journal that they fill. */
import { hashFiles, presentFiles, weightFiles } from '../../model/checkpoint/checkpoint.js';
import type { LocatedModel } from '../../model/checkpoint/locate.js';
import { parameterCount } from '../../model/config.js';
import { TOKENIZER_FILES } from '../../model/tokenizer/load-tokenizer.js';
import type { Progress } from '../../progress.js';
import { BatchMemory, loweredText } from '../../runtime/batch-memory.js';
import type { ChosenDevices } from '../../runtime/devices/choose-devices.js';
import { type DevicePlan, planText, startFleet } from '../../runtime/fleet.js';
import { memoryText, thisMachine } from '../../runtime/machine.js';
import { fewerText, MemoryRelief } from '../../runtime/memory-relief.js';
import { neededMemoryText } from '../../runtime/worker-plan.js';
import type { WorkerPool } from '../../runtime/worker-pool.js';
import { VERSION } from '../../version.js';
import { commandLine } from './command.js';
import type { Described, ExperimentData, Session } from './experiment.js';
import type { HeldFolder } from './folder-lock.js';
import { FACTS_TOGETHER } from './gathered-passes.js';
import { onKeptEngine, startingKeptEngine } from './kept-engine.js';
import { knownToFit } from './known-batches.js';
import { findsAsInPaper } from './paper.js';
import { askedWorkers } from './plan.js';
import type { JournalRecord, RecordKind } from './record-kind.js';
import { decisive, type RunRequest } from './request.js';
import { earlierPlans, ResultsFolder } from './results-folder.js';
import type { RecordedPlan, Settings } from './settings.js';
import type { TaskKind } from './task.js';
import { doWork } from './work.js';
import { workProgress } from './work-progress.js';
import type { WorkerStart } from './worker.js';

/** A run of which everything has been checked. */
export interface ReadyRun {
  readonly request: RunRequest;
  readonly model: LocatedModel;
  readonly data: ExperimentData;
  readonly chosen: ChosenDevices;
  readonly described: Described;
  /** All that workers do. */
  readonly tasks: readonly TaskKind<never>[];
}

/** Who computes, who is told, and who may end it. */
export interface SessionTools {
  readonly pool: WorkerPool;
  /** That of the request. */
  readonly held: HeldFolder;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** What the session notes of itself. */
  readonly arguments: readonly string[];
}

/**
 * Starts workers and opens the folder.
 * @param kind of the journal's lines
 * @throws UserError where no worker starts, or the folder's settings are others
 */
export async function openSession<Line extends JournalRecord>(
  run: ReadyRun,
  kind: RecordKind<Line>,
  { pool, held, progress, signal, arguments: words }: SessionTools,
): Promise<Session<Line>> {
  const { request, model } = run;
  // Once more, since the folder is locked only now.
  const chosen = await onKeptEngine(request, run.chosen);
  const parameters = parameterCount(run.data.config);
  const planned = await startingKeptEngine(request, () =>
    startFleet(pool, {
      ...{ chosen, parameters },
      asked: askedWorkers(request),
      startOf: (device, engine): WorkerStart => ({ modelFolder: model.folder, engine, device: device.kind }),
      notice: progress.notice,
    }),
  );
  const { fresh } = request.results;
  let plans = withKnownBatches(planned, request, await earlierPlans(held.path));
  const note = { arguments: words };
  const { notice } = progress;
  const folder = await ResultsFolder.begin(held, await settingsOf(run), { note, fresh, kind, notice });
  for (const plan of plans) progress.notice(planText(plan));

  // What is computed on stands in run.json before anything is computed on it: a session may end at any time.
  let noting = Promise.resolve();
  const notePlans = () => {
    const recorded = plans.map(recordedPlan);
    noting = noting.catch(() => undefined).then(() => folder.notePlans(recorded));
    return noting;
  };
  const change = (id: string, changed: (plan: DevicePlan) => Partial<DevicePlan>) => {
    plans = plans.map(plan => (plan.device.id === id ? { ...plan, ...changed(plan) } : plan));
    // A disk that takes no more is no reason to hide how the work ended: the next session finds it out again.
    notePlans().catch(() => undefined);
  };
  const batchMemory = new BatchMemory(
    new Map(plans.map(({ device, batchBytes }) => [device.id, batchBytes])),
    (id, batchBytes, isKnown) => {
      progress.notice(loweredText(id, batchBytes, isKnown));
      // Later sessions take over what is known, and not what was guessed.
      change(id, ({ memoryWasFull }) => ({ batchBytes, memoryWasFull: memoryWasFull || isKnown }));
    },
  );
  const machine = thisMachine();
  const [{ device, engine }] = plans;
  const memoryRelief = new MemoryRelief({
    workforce: pool,
    memory: batchMemory,
    onFewer: (id, workers, isKnown) => {
      progress.notice(fewerText(id, workers, isKnown, memoryText(machine)));
      change(id, () => ({ workers }));
    },
    lack: neededMemoryText(device.kind, engine.name, parameters, machine),
  });
  const isGpu = (id: string) => plans.some(({ device }) => device.id === id && device.kind !== 'cpu');
  const sideBySide = new Set(run.tasks.filter(task => task.sideBySide).map(({ method }) => method));
  return {
    folder,
    async work(name, { open, done }) {
      if (open.length > 0) await notePlans();
      const onProgress = workProgress(progress, name);
      const failed = await doWork({
        ...{ open, done, pool, batchMemory, memoryRelief, signal, onProgress },
        piecesAtOnce: (id, method) => (isGpu(id) && sideBySide.has(method) ? FACTS_TOGETHER : 1),
        journal: folder.journal,
      });
      progress.stop();
      return failed;
    },
    async close() {
      await noting.catch(() => undefined);
      folder.close();
    },
  };
}

/**
 * With what earlier sessions of this folder found to fit. Fewer workers are not taken over: they change no number, and memory
 * may be there again.
 */
function withKnownBatches(
  plans: readonly DevicePlan[],
  { devices }: RunRequest,
  earlier: readonly RecordedPlan[],
): DevicePlan[] {
  if (devices.batchMemory !== null) return [...plans];
  return plans.map(plan => {
    const batchBytes = knownToFit(recordedPlan(plan), earlier);
    return batchBytes < plan.batchBytes ? { ...plan, batchBytes, memoryWasFull: true } : plan;
  });
}

/** All but what the run computes on. */
async function settingsOf({ request, model, data, described }: ReadyRun): Promise<Settings> {
  const { dataset } = data;
  const { settings, command } = described;
  return {
    format: 1,
    commands: [commandLine(request, command)],
    requests: [decisive(request)],
    model: {
      name: model.name,
      revision: model.revision,
      weights_sha256: await hashFiles(model.folder, await weightFiles(model.folder)),
      config_sha256: await hashFiles(
        model.folder,
        await presentFiles(model.folder, ['config.json', ...TOKENIZER_FILES]),
      ),
    },
    layers: data.config.layers,
    as_in_paper: findsAsInPaper(request, data.config),
    data: {
      sha256: dataset.sha256,
      relations: [...dataset.relations],
      limit: request.data.limit,
      facts: request.data.facts && [...request.data.facts],
    },
    versions: { kn: VERSION },
    protocol: {
      name: request.protocol,
      site: request.asking.site,
      continuation: request.asking.continuation,
      max_answer_tokens: request.data.maxAnswerTokens,
    },
    plans: [],
    ...settings,
  };
}

/** A device's plan as run.json has it. */
function recordedPlan({
  device,
  engine,
  workers,
  threads,
  batchBytes,
  memoryWasFull,
}: DevicePlan): RecordedPlan {
  return {
    device: device.id,
    name: device.name,
    engine: engine.name,
    version: engine.version,
    workers,
    threads,
    batch_bytes: batchBytes,
    memory_was_full: memoryWasFull,
  };
}
