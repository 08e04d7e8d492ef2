/** The work of a pass: facts go to the workers, each finished one into the journal. */
import type { FactKey } from '../dataset/fact.js';
import { UserError } from '../errors.js';
import type { BatchMemory } from '../runtime/batch-memory.js';
import { BatchTrial } from '../runtime/batch-trial.js';
import type { WorkerPool } from '../runtime/worker-pool.js';
import type { Journal } from './journal.js';
import type { FactRecord } from './record.js';
import type { FailedFact } from './summary.js';
import type { TaskCall, WorkerTask } from './worker.js';

export interface WorkProgress {
  /** The name of the pass. */
  readonly pass: string;
  readonly facts: number;
  /** All that are done, in this session and before. */
  readonly done: number;
  readonly failed: number;
  /** Facts and prompts done in this session. */
  readonly session: { readonly facts: number; readonly prompts: number };
}

/** Once over the facts of a run. */
export interface Pass {
  /** As progress shows it. */
  readonly name: string;
  readonly facts: readonly FactKey[];
  /** Whether the journal lacks something that this pass finds out. */
  readonly isOpen: (fact: FactKey) => boolean;
  readonly taskOf: (fact: FactKey) => WorkerTask;
}

/** What a pass is done with. */
export interface Work {
  readonly pool: WorkerPool;
  readonly batchMemory: BatchMemory;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WorkProgress) => void;
}

/** Times that a fact is tried: a worker that dies may be no fault of the fact it was at. */
const ATTEMPTS = 3;

/** After so many facts failed with none done, the fault is not in the facts. */
const FAILURES_THAT_STOP = 5;

/**
 * Does what the journal lacks. Whatever happens, what is in the journal stays done.
 * @returns the facts that failed three times
 * @throws UserError where the journal cannot be written or nothing succeeds; an AbortError on `signal`
 */
export async function doWork(pass: Pass, work: Work): Promise<FailedFact[]> {
  const { facts } = pass;
  const { pool, journal, signal, onProgress } = work;
  const open = facts.filter(pass.isOpen);
  const doneBefore = facts.length - open.length;
  const session = { facts: 0, prompts: 0 };
  const failures = new Map<string, FailedFact>();
  let fault: unknown;
  const report = () =>
    onProgress({
      pass: pass.name,
      facts: facts.length,
      done: doneBefore + session.facts,
      failed: failures.size,
      session,
    });

  const finish = async (fact: FactKey) => {
    const task = pass.taskOf(fact);
    const outcome = await attempt(task, work, () => signal.aborted || fault !== undefined);
    if (outcome === undefined) return;
    if ('record' in outcome) {
      journal.append(outcome.record);
      session.facts++;
      session.prompts += task.fact.prompts.length;
    } else {
      failures.set(fact.uuid, { uuid: fact.uuid, relation: fact.relation, error: outcome.error });
      if (session.facts === 0 && failures.size >= FAILURES_THAT_STOP) throw nothingSucceeds(outcome.error);
    }
    report();
  };

  report();
  // A bounded prefetch: each worker has a next fact waiting, and the data set is never in memory as tasks.
  const underWay = new Set<Promise<void>>();
  for (const fact of open) {
    if (signal.aborted || fault !== undefined) break;
    const one = finish(fact)
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
  return facts.flatMap(({ uuid }) => failures.get(uuid) ?? []);
}

/**
 * A fact's record, or its last error; undefined where the run is over first. Full memory is no fault of the fact, and not
 * counted among its tries.
 */
async function attempt(task: WorkerTask, { pool, batchMemory }: Work, isOver: () => boolean) {
  const batches = new BatchTrial(batchMemory);
  let error = '';
  for (let tried = 0; tried < ATTEMPTS; ) {
    if (isOver()) return undefined;
    let device = '';
    try {
      const record = await pool.use(worker => {
        device = worker.device;
        const call: TaskCall = { task, batchBytes: batches.tryOn(device) };
        return worker.call<FactRecord>('runFact', call);
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
