/**
 * The work of a run: its pieces go to the workers, each finished one into the journal, where it is synced before it counts.
 *
 * Two calls wait for each worker. A piece whose worker dies is tried three times. Several may go in one call, the same ones in every
 * session (facts-together.ts), and where a worker fails at them, each by itself. Full memory is an error of its own, whichever engine
 * meets it: the batch is halved for all workers of the device (`runtime/batch-memory.ts`, `batch-trial.ts`), the worker is started
 * anew, and the piece tried again.
 * Workers that are killed for memory become fewer, then their batches smaller (`runtime/memory-relief.ts`), before any piece
 * is at fault.
 */
import { UserError } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import type { BatchMemory } from '../../runtime/batch-memory.js';
import { BatchTrial } from '../../runtime/batch-trial.js';
import type { MemoryRelief } from '../../runtime/memory-relief.js';
import type { WorkerPool } from '../../runtime/worker-pool.js';
import type { Journal } from './journal.js';
import type { FailedFact } from './outcome.js';
import type { JournalRecord } from './record-kind.js';
import type { TaskCall } from './task.js';

export interface WorkProgress {
  readonly facts: number;
  /** All that are done, in this session and before. */
  readonly done: number;
  readonly failed: number;
  /** Done in this session. */
  readonly session: {
    readonly facts: number;
    readonly prompts: number;
    /** By which neurons were found, and those that every step of the rule takes. */
    readonly passes: { readonly done: number; readonly ofRule: number };
  };
}

/** What a worker does in one call: a fact, or whatever else has a record of its own. */
export interface Piece {
  /** Of the record that it gives. */
  readonly uuid: string;
  readonly relation: string;
  /** Of the task ({@link TaskKind}). */
  readonly method: string;
  /** Its place among all pieces, done ones too: neighbours may go together. Absent where each goes alone. */
  readonly place?: number;
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

/** Does work, and shows its progress under a name. Returns what failed three times. */
export type DoWork = (name: string, work: OpenWork) => Promise<FailedFact[]>;

export interface Work<Line extends JournalRecord> extends OpenWork {
  readonly pool: WorkerPool;
  readonly batchMemory: BatchMemory;
  readonly memoryRelief: MemoryRelief;
  /** How many neighbours of so many pieces of a method a worker takes in one call. All that are open are of one method. */
  readonly together: (method: string, pieces: number) => number;
  readonly journal: Journal<Line>;
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
export async function doWork<Line extends JournalRecord>(work: Work<Line>): Promise<FailedFact[]> {
  const { open, pool, journal, signal, onProgress } = work;
  const session = { facts: 0, prompts: 0, passes: { done: 0, ofRule: 0 } };
  const failures = new Map<string, FailedFact>();
  let fault: unknown;
  const report = () =>
    onProgress({
      facts: open.length + work.done,
      done: work.done + session.facts,
      failed: failures.size,
      session,
    });

  const isOver = () => signal.aborted || fault !== undefined;
  const waiting = callsOf(work);
  const take = (): readonly MadePiece[] => {
    if (isOver()) return [];
    try {
      return (waiting.shift() ?? []).map(piece => ({ ...piece, ...piece.task() }));
    } catch (error) {
      fault ??= error;
      return [];
    }
  };
  const finish = async () => {
    const { pieces, outcome } = await attempt(take, work, isOver);
    if (outcome === undefined) return;
    if ('records' in outcome) {
      journal.append(...outcome.records);
      session.facts += outcome.records.length;
      session.prompts += outcome.prompts;
      for (const { passes } of outcome.records) {
        session.passes.done += passes?.done ?? 0;
        session.passes.ofRule += passes?.of_rule ?? 0;
      }
    } else if (pieces.length > 1) {
      // One of them may be at fault, and the others not.
      const uuids = new Set(pieces.map(({ uuid }) => uuid));
      waiting.unshift(...open.filter(({ uuid }) => uuids.has(uuid)).map(piece => [piece]));
    } else {
      for (const { uuid, relation } of pieces) failures.set(uuid, { uuid, relation, error: outcome.error });
      if (session.facts === 0 && failures.size >= FAILURES_THAT_STOP) throw nothingSucceeds(outcome.error);
    }
    report();
  };

  report();
  // A bounded prefetch: each worker has a next call waiting.
  const underWay = new Set<Promise<void>>();
  while ((waiting.length > 0 || underWay.size > 0) && !isOver()) {
    if (waiting.length > 0) {
      const call = finish()
        .catch(error => {
          fault ??= error;
        })
        .finally(() => underWay.delete(call));
      underWay.add(call);
      if (underWay.size < 2 * pool.size) continue;
    }
    await Promise.race(underWay);
  }
  await Promise.all(underWay);
  if (fault !== undefined) throw fault;
  signal.throwIfAborted();
  return open.flatMap(({ uuid }) => failures.get(uuid) ?? []);
}

/** What goes to a worker together: pieces of one part of the whole list, as many as are open of it. */
function callsOf<Line extends JournalRecord>({ open, done, together }: Work<Line>): (readonly Piece[])[] {
  if (open.length === 0) return [];
  const size = together(open[0].method, open.length + done);
  return [
    ...groupBy(open, ({ uuid, place }) => (place === undefined ? uuid : Math.floor(place / size))).values(),
  ];
}

type MadePiece = Omit<Piece, 'task'> & PieceTask;

interface Attempt<Line> {
  readonly pieces: readonly MadePiece[];
  /** Their records, or the last error; undefined where the run is over first, or nothing was left to do. */
  readonly outcome:
    | { readonly records: readonly Line[]; readonly prompts: number }
    | { readonly error: string }
    | undefined;
}

/**
 * Does what the first free worker takes. Several pieces at once are tried once: whoever asked tries each by itself then. Full
 * memory is no fault of a piece, and not counted among its tries.
 */
async function attempt<Line extends JournalRecord>(
  take: () => readonly MadePiece[],
  { pool, batchMemory, memoryRelief }: Work<Line>,
  isOver: () => boolean,
): Promise<Attempt<Line>> {
  const batches = new BatchTrial(batchMemory, memoryRelief);
  let pieces: readonly MadePiece[] = [];
  let error = '';
  for (let tried = 0; tried < (pieces.length > 1 ? 1 : ATTEMPTS); ) {
    if (isOver()) break;
    let device = '';
    try {
      const records = await pool.use(async worker => {
        device = worker.device;
        if (pieces.length === 0) pieces = take();
        if (pieces.length === 0) return undefined;
        const call: TaskCall<unknown> = {
          tasks: pieces.map(({ task }) => task),
          batchBytes: batches.tryOn(device),
        };
        return worker.call<Line[]>(pieces[0].method, call).catch(reason => {
          // Before its place is anybody's again: it may be one too many. A run that ends ends its workers itself.
          if (!isOver()) batches.failed(device, reason);
          throw reason;
        });
      });
      if (records === undefined) break;
      batches.succeeded(device);
      return { pieces, outcome: { records, prompts: pieces.reduce((sum, { prompts }) => sum + prompts, 0) } };
    } catch (reason) {
      error = reason instanceof Error ? reason.message : String(reason);
      if (isOver()) break;
      if (batches.verdict === 'again') {
        tried = 0;
        continue;
      }
      tried++;
      if (batches.verdict !== 'no memory') continue;
      error = `memory is full for one worker, in the smallest batches too: ${memoryRelief.lack}`;
      break;
    }
  }
  return { pieces, outcome: isOver() || pieces.length === 0 ? undefined : { error } };
}

function nothingSucceeds(error: string): UserError {
  return new UserError(
    `the first ${FAILURES_THAT_STOP} facts all failed, the last because: ${error}`,
    'Mend that, then run the same command again.',
  );
}
