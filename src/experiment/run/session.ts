/** What a run computes with: workers on its devices, and its results folder with the journal that they fill. */
import { hashFiles, presentFiles, weightFiles } from '../../model/checkpoint/checkpoint.js';
import { TOKENIZER_FILES } from '../../model/tokenizer/load-tokenizer.js';
import type { Progress } from '../../progress.js';
import type { DevicePlan } from '../../runtime/fleet.js';
import type { WorkerPool } from '../../runtime/worker-pool.js';
import { VERSION } from '../../version.js';
import { commandLine } from './command.js';
import {
  type Crew,
  crewOf,
  type EarlyWorkers,
  type StartableRun,
  startWorkers,
  withKnownBatches,
} from './crew.js';
import type { Session } from './experiment.js';
import type { HeldFolder } from './folder-lock.js';
import { onKeptEngine } from './kept-engine.js';
import { findsAsInPaper } from './paper.js';
import type { ReadyRun } from './ready-run.js';
import type { JournalRecord, RecordKind } from './record-kind.js';
import { decisive } from './request.js';
import { earlierPlans, hasResults, ResultsFolder } from './results-folder.js';
import type { Settings } from './settings.js';
import { doWork } from './work.js';
import { workProgress } from './work-progress.js';

/** Who computes, who is told, and who may end it. */
export interface SessionTools {
  readonly pool: WorkerPool;
  /** Of the pool, where they have been started. */
  readonly early: EarlyWorkers | undefined;
  /** That of the request. */
  readonly held: HeldFolder;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** What the session notes of itself. */
  readonly arguments: readonly string[];
}

/**
 * Opens the folder. Where no worker starts, a folder without results stays as it was; one that has some may need no worker, which is
 * started there once something is to be done.
 * @param kind of the journal's lines
 * @throws UserError where no worker starts, or the folder's settings are others
 */
export async function openSession<Line extends JournalRecord>(
  ready: ReadyRun,
  kind: RecordKind<Line>,
  { pool, early, held, progress, signal, arguments: words }: SessionTools,
): Promise<Session<Line>> {
  const { fresh } = ready.request.results;
  // Once more, since the folder is locked only now.
  const run = { ...ready, chosen: await onKeptEngine(ready.request, ready.chosen) };
  const earlier = await earlierPlans(held.path);
  const start = async () => {
    const plans = await workersOf({ ...run, config: run.data.config }, pool, progress, early);
    return withKnownBatches(plans, run.request, earlier);
  };
  const mayBeDone = !fresh && (await hasResults(held.path));
  // The checkpoint is hashed while workers load it.
  const [settings, started] = await Promise.all([settingsOf(run), mayBeDone ? undefined : start()]);
  const note = { arguments: words };
  const { notice } = progress;
  const folder = await ResultsFolder.begin(held, settings, { note, fresh, kind, notice });

  // What is computed on stands in run.json before anything is computed on it: a session may end at any time.
  let noting = Promise.resolve();
  const notePlans = ({ plans }: Crew) => {
    const recorded = plans();
    noting = noting.catch(() => undefined).then(() => folder.notePlans(recorded));
    return noting;
  };
  const employ = (plans: readonly DevicePlan[]) => {
    const crew = crewOf(run, plans, pool, progress, () => {
      // A disk that takes no more is no reason to hide how the work ended: the next session finds it out again.
      notePlans(crew).catch(() => undefined);
    });
    return crew;
  };
  let crew = started && employ(started);
  return {
    folder,
    async work(name, { open, done }) {
      if (open.length > 0) {
        crew ??= employ(await start());
        await notePlans(crew);
      }
      const onProgress = workProgress(progress, name);
      const { journal } = folder;
      signal.throwIfAborted();
      const failed = crew ? await doWork({ ...crew, open, done, journal, signal, onProgress }) : [];
      if (!crew)
        onProgress({
          facts: done,
          done,
          failed: 0,
          session: { facts: 0, prompts: 0, passes: { done: 0, ofRule: 0 } },
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

/** The early ones, unless another run has filled the folder meanwhile on an engine that is to be kept. */
async function workersOf(
  run: StartableRun,
  pool: WorkerPool,
  progress: Progress,
  early: EarlyWorkers | undefined,
): Promise<readonly DevicePlan[]> {
  if (early?.chosen === run.chosen) return early.started;
  if (early) await pool.empty(early.started);
  return startWorkers(run, pool, progress);
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
