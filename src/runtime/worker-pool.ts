/**
 * Worker processes that each hold a model on a device of their own.
 *
 * Each place in the pool is a workerpool of one process: it starts the process, speaks with it, and starts another
 * where it died. One workerpool of many would not tell which of their environments a dead process had.
 */
import pLimit from 'p-limit';
import workerpool from 'workerpool';
import { UserError } from '../errors.js';

export interface WorkerPoolOptions {
  /** The file that a worker process runs. */
  readonly script: string;
  /** What every worker is told at its start; JSON. */
  readonly start: unknown;
  /** One worker for each: what its environment has beyond this process's, CUDA_VISIBLE_DEVICES for one. */
  readonly environments: readonly Readonly<Record<string, string>>[];
}

type Place = ReturnType<typeof workerpool.pool>;

export class WorkerPool {
  private readonly places: readonly Place[];
  private readonly free: Place[];
  private readonly limit;

  constructor({ script, start, environments }: WorkerPoolOptions) {
    this.places = environments.map(environment =>
      workerpool.pool(script, {
        workerType: 'process',
        maxWorkers: 1,
        forkArgs: [JSON.stringify(start)],
        forkOpts: { env: { ...process.env, ...environment } },
      }),
    );
    this.free = [...this.places];
    this.limit = pLimit({ concurrency: this.places.length, rejectOnClear: true });
  }

  get size(): number {
    return this.limit.concurrency;
  }

  /**
   * Goes on with so many workers, where there are more: the ones that worked last, so that before a second call the
   * one that took the first. A process starts with its first call. Not while calls are under way.
   */
  shrink(size: number): void {
    if (size >= this.size) return;
    this.free.splice(0, this.free.length - size);
    this.limit.concurrency = size;
  }

  /**
   * Calls a method of the first worker that is free.
   * @throws UserError as the worker threw it; another error where it failed or died
   */
  call<Result>(method: string, argument: unknown): Promise<Result> {
    return this.limit(async () => {
      const place = this.free.shift();
      if (!place) throw new Error('more calls than workers');
      try {
        return await callIn<Result>(place, method, argument);
      } finally {
        this.free.push(place);
      }
    });
  }

  /** Ends all workers, whatever they are at; calls under way are rejected, and those that wait never start. */
  async close(): Promise<void> {
    this.limit.clearQueue();
    await Promise.all(this.places.map(place => place.terminate(true)));
  }
}

async function callIn<Result>(place: Place, method: string, argument: unknown): Promise<Result> {
  try {
    return await place.exec(method, [argument]);
  } catch (error) {
    // The process had died while it had nothing to do: this call has not begun, and its successor takes it.
    if (error instanceof Error && error.message === 'Worker is terminated')
      return callIn(place, method, argument);
    throw fromWorker(error);
  }
}

/** An error as a person should read it: a worker's own, or one line on how it died. */
function fromWorker(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'UserError') {
    const remedy = 'remedy' in error && typeof error.remedy === 'string' ? error.remedy : '';
    return new UserError(error.message, remedy);
  }
  const death = /exitCode: `(\w+)`\s+signalCode: `(\w+)`/.exec(error.message);
  if (!death) return error;
  const [, code, signal] = death;
  return new Error(`the worker died (${signal === 'null' ? `exit code ${code}` : signal})`);
}
