/** The work of a run: facts go to the workers, each finished one into the journal. */
import type { Dataset } from '../dataset/dataset.js';
import type { FactKey } from '../dataset/fact.js';
import { UserError } from '../errors.js';
import type { BatchMemory } from '../runtime/batch-memory.js';
import { BatchTrial } from '../runtime/batch-trial.js';
import type { WorkerPool } from '../runtime/worker-pool.js';
import type { FactTask } from './fact-task.js';
import type { Journal } from './journal.js';
import { negativePrompts } from './negatives.js';
import type { RunPlan } from './plan.js';
import type { FactRecord } from './record.js';
import { areGiven, lacks, type Stages } from './stages.js';
import type { FailedFact } from './summary.js';
import type { TaskCall } from './worker.js';

export interface WorkProgress {
  readonly facts: number;
  /** All that are done, in this session and before. */
  readonly done: number;
  readonly failed: number;
  /** Facts and prompts done in this session. */
  readonly session: { readonly facts: number; readonly prompts: number };
}

export interface Work {
  readonly plan: RunPlan;
  readonly unrelated: ReadonlyMap<string, FactKey>;
  readonly negatives: ReadonlyMap<string, readonly FactKey[]>;
  readonly stages: Stages;
  readonly dataset: Dataset;
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
export async function doWork(work: Work): Promise<FailedFact[]> {
  const { plan, stages, pool, journal, signal, onProgress } = work;
  const open = plan.facts.filter(({ uuid }) => lacks(journal.get(uuid), stages));
  const doneBefore = plan.facts.length - open.length;
  const session = { facts: 0, prompts: 0 };
  const failures = new Map<string, FailedFact>();
  let fault: unknown;
  const report = () =>
    onProgress({
      facts: plan.facts.length,
      done: doneBefore + session.facts,
      failed: failures.size,
      session,
    });

  const finish = async (fact: FactKey) => {
    const task = taskOf(fact, work);
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
  return plan.facts.flatMap(({ uuid }) => failures.get(uuid) ?? []);
}

/**
 * A fact's record, or its last error; undefined where the run is over first. Full memory is no fault of the fact, and not
 * counted among its tries.
 */
async function attempt(task: FactTask, { pool, batchMemory }: Work, isOver: () => boolean) {
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

/** What a fact still lacks, as a worker is to do it. */
function taskOf(fact: FactKey, { stages, dataset, journal, unrelated, negatives }: Work): FactTask {
  const { neurons, suppress, enhance, site, continuation } = stages;
  const known = journal.get(fact.uuid);
  const asked = (key: FactKey) => ({ object: key.object, prompts: dataset.withPrompts(key).prompts });
  const other = unrelated.get(fact.uuid);
  return {
    uuid: fact.uuid,
    fact: asked(fact),
    site,
    continuation,
    negatives: negativePrompts(negatives.get(fact.uuid) ?? [], dataset.withPrompts),
    neurons: areGiven(neurons) ? (neurons.of(fact.uuid) ?? []) : (known?.neurons ?? neurons),
    interventions: other
      ? {
          suppress: suppress && !known?.suppression,
          enhance: known?.enhancement ? null : enhance,
          unrelated: asked(other),
        }
      : null,
  };
}

function nothingSucceeds(error: string): UserError {
  return new UserError(
    `the first ${FAILURES_THAT_STOP} facts all failed, the last because: ${error}`,
    'Mend that, then run the same command again.',
  );
}
