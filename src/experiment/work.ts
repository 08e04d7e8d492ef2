/** The work of a run: its pieces go to the workers, each finished one into the journal. */
import { UserError } from '../errors.js';
import type { BatchMemory } from '../runtime/batch-memory.js';
import { BatchTrial } from '../runtime/batch-trial.js';
import type { WorkerPool } from '../runtime/worker-pool.js';
import type { Journal } from './journal.js';
import type { FactRecord } from './record.js';
import type { FailedFact } from './summary.js';
import type { TaskCall, WorkerMethod } from './worker.js';

export interface WorkProgress {
  readonly facts: number;
  /** All that are done, in this session and before. */
  readonly done: number;
  readonly failed: number;
  /** Facts and prompts done in this session. */
  readonly session: { readonly facts: number; readonly prompts: number };
}

/** What a worker does in one call: a fact, or whatever else has a record of its own. */
export interface Piece {
  /** Of the record that it gives. */
  readonly uuid: string;
  readonly relation: string;
  /** The worker's. */
  readonly method: WorkerMethod;
  /** Made when its turn comes, so that the data set is never in memory as tasks. */
  readonly task: () => PieceTask;
}

export interface PieceTask {
  /** Plain data: it travels to a worker process. */
  readonly task: unknown;
  /** How many it asks, as progress counts them. */
  readonly prompts: number;
}

/** Pieces that are to be done, of a number that is done already. */
export interface OpenWork {
  readonly open: readonly Piece[];
  readonly done: number;
}

export interface Work extends OpenWork {
  readonly pool: WorkerPool;
  readonly batchMemory: BatchMemory;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WorkProgress) => void;
}

/** Times that a piece is tried: a worker that dies may be no fault of the piece it was at. */
const ATTEMPTS = 3;

/** After so many facts failed with none done, the fault is not in the facts. */
const FAILURES_THAT_STOP = 5;

/**
 * Does what is open, and appends each record to the journal. Whatever happens, what is in the journal stays done.
 * @returns the pieces that failed three times
 * @throws UserError where the journal cannot be written or nothing succeeds; an AbortError on `signal`
 */
export async function doWork(work: Work): Promise<FailedFact[]> {
  const { open, pool, journal, signal, onProgress } = work;
  const session = { facts: 0, prompts: 0 };
  const failures = new Map<string, FailedFact>();
  let fault: unknown;
  const report = () =>
    onProgress({
      facts: open.length + work.done,
      done: work.done + session.facts,
      failed: failures.size,
      session,
    });

  const finish = async ({ uuid, relation, method, task: make }: Piece) => {
    const { task, prompts } = make();
    const outcome = await attempt(method, task, work, () => signal.aborted || fault !== undefined);
    if (outcome === undefined) return;
    if ('record' in outcome) {
      journal.append(outcome.record);
      session.facts++;
      session.prompts += prompts;
    } else {
      failures.set(uuid, { uuid, relation, error: outcome.error });
      if (session.facts === 0 && failures.size >= FAILURES_THAT_STOP) throw nothingSucceeds(outcome.error);
    }
    report();
  };

  report();
  // A bounded prefetch: each worker has a next piece waiting.
  const underWay = new Set<Promise<void>>();
  for (const piece of open) {
    if (signal.aborted || fault !== undefined) break;
    const one = finish(piece)
      .catch(error => {
        fault ??= error;
      })
      .finally(() => underWay.delete(one));
    underWay.add(one);
    if (underWay.size >= 2 * pool.size) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  if (fault !== undefined) throw fault;
  signal.throwIfAborted();
  return open.flatMap(({ uuid }) => failures.get(uuid) ?? []);
}

/**
 * A piece's record, or its last error; undefined where the run is over first. Full memory is no fault of the piece, and not
 * counted among its tries.
 */
async function attempt(
  method: WorkerMethod,
  task: unknown,
  { pool, batchMemory }: Work,
  isOver: () => boolean,
) {
  const batches = new BatchTrial(batchMemory);
  let error = '';
  for (let tried = 0; tried < ATTEMPTS; ) {
    if (isOver()) return undefined;
    let device = '';
    try {
      const record = await pool.use(worker => {
        device = worker.device;
        const call: TaskCall<unknown> = { task, batchBytes: batches.tryOn(device) };
        return worker.call<FactRecord>(method, call);
      });
      batches.succeeded(device);
      return { record };
    } catch (reason) {
      error = reason instanceof Error ? reason.message : String(reason);
      if (isOver()) return undefined;
      if (!batches.failed(device, reason)) tried++;
    }
  }
  return isOver() ? undefined : { error };
}

function nothingSucceeds(error: string): UserError {
  return new UserError(
    `the first ${FAILURES_THAT_STOP} facts all failed, the last because: ${error}`,
    'Mend that, then run the same command again.',
  );
}
