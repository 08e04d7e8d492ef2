/** An experiment over a data set, from its request to its files: the library's counterpart of the commands without a prompt. */
import { fileURLToPath } from 'node:url';
import { Interrupted } from '../errors.js';
import { type AnyFinished, completeRequest, type RequestInput } from '../experiment/experiments.js';
import { type EarlyWorkers, type StartableRun, startEarly } from '../experiment/run/crew.js';
import type { FinalFiles } from '../experiment/run/experiment.js';
import type { HeldFolder } from '../experiment/run/folder-lock.js';
import type { RunPlan } from '../experiment/run/plan.js';
import type { ReportName } from '../experiment/run/request.js';
import { hasResults, holdFolder } from '../experiment/run/results-folder.js';
import { openSession } from '../experiment/run/session.js';
import { type OnProgress, type Progress, progressTo } from '../progress.js';
import { REPORT } from '../report/reports.js';
import { WorkerPool } from '../runtime/worker-pool.js';
import { fetchWeights, prepareRun } from './prepare-run.js';
import { never, unlessAborted } from './unless-aborted.js';

// The built file, whether this is that or its source: tests start it too.
const WORKER_SCRIPT = fileURLToPath(new URL('../../dist/experiment/worker.js', import.meta.url));

const TOO_EARLY = 'Interrupted before anything was computed.';

export interface RunOptions {
  /** Default: nobody is told. */
  readonly onProgress?: OnProgress;
  /**
   * Ends the run; what is finished is kept, and the same request goes on from there, and so does a
   * download that is under way.
   */
  readonly signal?: AbortSignal;
  /** What the session notes of itself in sessions.jsonl: the words of a command line; default: none. */
  readonly arguments?: readonly string[];
}

/** What came out, and where it is. */
export type RunResult = AnyFinished & {
  readonly plan: RunPlan;
  readonly folder: string;
  /** Paths. */
  readonly files: readonly string[];
};

/**
 * Says what a request would do, and does none of it. Of a model that is not here its description is fetched, not its weights.
 * What the results folder has already is not looked at.
 * @throws what {@link runExperiment} throws before it opens that folder
 */
export async function planExperiment(
  asked: RequestInput,
  { onProgress, signal = never() }: Omit<RunOptions, 'arguments'> = {},
): Promise<RunPlan> {
  const request = completeRequest(asked);
  const progress = progressUntil(signal, onProgress);
  return (await unlessAborted(() => prepareRun(request, progress, { signal }), signal, TOO_EARLY)).plan;
}

/**
 * Does what is asked for, and writes results and reports into its folder. A run that was interrupted, or that failed at some
 * facts, goes on where it stopped when it is asked for again.
 * @throws UsageError where the request is none, UserError where it cannot be done here or another run holds the folder,
 *   Interrupted where the signal was aborted
 */
export async function runExperiment(
  asked: RequestInput,
  { onProgress, signal = never(), arguments: words = [] }: RunOptions = {},
): Promise<RunResult> {
  const request = completeRequest(asked);
  const progress = progressUntil(signal, onProgress);
  const { folder, fresh } = request.results;
  const pool = new WorkerPool(WORKER_SCRIPT);
  const onAbort = () => void pool.close();
  signal.addEventListener('abort', onAbort);
  let early: EarlyWorkers | undefined;
  const prepare = async () => {
    const onModel = async (run: StartableRun) => {
      // What has results may need no worker.
      if (fresh || !(await hasResults(folder))) early = startEarly(run, pool, progress);
    };
    const prepared = await prepareRun(request, progress, { signal, onModel });
    prepared.plan.notices.forEach(progress.notice);
    const fetched = await fetchWeights(prepared.ready, progress, signal);
    return fetched ? prepareRun(request, progress, { signal, fetched }) : prepared;
  };
  let held: HeldFolder | undefined;
  try {
    const { ready, begun, plan } = await unlessAborted(prepare, signal, TOO_EARLY);
    held = await holdFolder(folder, { notice: progress.notice, signal }).catch(error => {
      throw signal.aborted ? new Interrupted(TOO_EARLY) : error;
    });
    signal.throwIfAborted();
    const tools = { pool, early, held, progress, signal, arguments: words };
    return await begun.carryOut(
      kind => openSession(ready, kind, tools),
      async (finished, files) => ({
        ...finished,
        ...{ plan, folder },
        files: await writeFiles(finished, files, request.output.reports),
      }),
    );
  } catch (error) {
    if (!signal.aborted || !held) throw error;
    throw new Interrupted(
      `Interrupted. Finished facts are kept in ${folder}; the same command goes on from there.`,
    );
  } finally {
    signal.removeEventListener('abort', onAbort);
    await pool.close();
    progress.stop();
    await held?.release();
  }
}

/** Result files first, then the reports that were asked for. */
async function writeFiles(
  { results, shown, summary }: AnyFinished,
  folder: FinalFiles,
  reports: readonly ReportName[],
): Promise<string[]> {
  const files: string[] = [];
  const writeAll = async (contents: ReadonlyMap<string, string>) => {
    for (const [name, content] of contents) files.push(await folder.write(name, content));
  };
  await writeAll(results);
  for (const name of reports) await writeAll(await REPORT[name](shown, summary));
  return files;
}

/** Whoever has aborted wants to hear no more. */
function progressUntil(signal: AbortSignal, onProgress: OnProgress | undefined): Progress {
  return progressTo(event => {
    if (!signal.aborted) onProgress?.(event);
  });
}
