/**
 * Worker processes that each hold a model on a device.
 *
 * Each place in the pool is a workerpool of one process: it starts the process, speaks with it, and starts another
 * where it died. One workerpool of many would not tell which of their environments a dead process had.
 */
import pLimit from 'p-limit';
import workerpool from 'workerpool';
import { EngineFault, OutOfMemoryError, UserError } from '../errors.js';
import { CHILD_FLAGS, childEnvironment } from './child-node.js';

/** How one worker is started. */
export interface WorkerSpec {
  /** The device that it computes on, by its id. */
  readonly device: string;
  /** What it is told at its start; JSON. */
  readonly start: unknown;
  /** What its environment has beyond this process's, CUDA_VISIBLE_DEVICES for one. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A worker while it is somebody's. */
export interface Worker {
  readonly device: string;
  /**
   * Calls one of its methods.
   * @throws UserError as the worker threw it, WorkerDied where its process ended, another error where it failed
   */
  call<Result>(method: string, argument: unknown): Promise<Result>;
}

/** Workers that get ready, and take no work yet. */
export interface ReadyingWorkers {
  /** Lets them take work. */
  admit(): void;
  close(): Promise<void>;
}

/** A worker's process ended at its work. */
export class WorkerDied extends Error {
  override readonly name = 'WorkerDied';

  /** @param how a signal's name, or an exit code */
  constructor(readonly how: string) {
    super(`the worker died (${how})`);
  }
}

class Place implements Worker {
  /** Kills the process. */
  private kill = new AbortController();
  private process;
  /** It has answered: until then it is at its start, and hears nothing. */
  private isUp = false;
  private closing: Promise<unknown> | undefined;

  constructor(
    private readonly script: string,
    private readonly spec: WorkerSpec,
  ) {
    this.process = this.open();
  }

  get device(): string {
    return this.spec.device;
  }

  async call<Result>(method: string, argument: unknown): Promise<Result> {
    try {
      const answer = await this.process.exec(method, [argument]);
      this.isUp = true;
      return answer;
    } catch (error) {
      // The process had died while it had nothing to do: this call has not begun, and its successor takes it.
      if (error instanceof Error && error.message === 'Worker is terminated')
        return this.call(method, argument);
      throw fromWorker(error);
    }
  }

  /** Ends the process, and starts another: one whose memory was full may not come to itself again. */
  async restart(): Promise<void> {
    await this.close();
    this.kill = new AbortController();
    this.process = this.open();
    this.isUp = false;
    this.closing = undefined;
  }

  /** Once, however often it is asked for: of workerpool only the last who asks hears of the end. */
  async close(): Promise<void> {
    this.closing ??= this.end();
    await this.closing;
  }

  private async end(): Promise<void> {
    const ended = this.process.terminate(true);
    if (!this.isUp) this.kill.abort();
    await ended;
  }

  private open() {
    const { start, environment } = this.spec;
    return workerpool.pool(this.script, {
      workerType: 'process',
      maxWorkers: 1,
      forkArgs: [JSON.stringify(start)],
      forkOpts: {
        env: { ...process.env, ...environment, ...childEnvironment() },
        // Of this process's own, `-e` and a program perhaps, workerpool adds what a worker should have.
        execArgv: [...CHILD_FLAGS],
        signal: this.kill.signal,
        killSignal: 'SIGKILL',
      },
    });
  }
}

export class WorkerPool {
  private readonly places = new Set<Place>();
  private readonly free: Place[] = [];
  private readonly limit = pLimit({ concurrency: 1, rejectOnClear: true });
  /** For each device, how many workers it is to have. */
  private readonly kept = new Map<string, number>();
  private isClosed = false;

  /** @param script the file that a worker process runs */
  constructor(private readonly script: string) {}

  /** Of the workers that take work. */
  get size(): number {
    return [...this.kept.values()].reduce((sum, workers) => sum + workers, 0);
  }

  /** How many of them each device has, without those that are to end. */
  workers(): ReadonlyMap<string, number> {
    return this.kept;
  }

  /** Whether a device has workers that are to end. */
  hasTooMany(device: string): boolean {
    return this.placesOf(device) > (this.kept.get(device) ?? 0);
  }

  /** Leaves a device so many workers. The others end with the call that they are at, one that has died before one that lives. */
  keep(device: string, workers: number): void {
    this.kept.set(device, workers);
    this.limit.concurrency = Math.max(1, this.size);
    // Some of those that are free may have been promised to calls that are about to begin.
    const promised = this.limit.activeCount - (this.places.size - this.free.length);
    const idle = this.free.filter(place => place.device === device).slice(promised);
    for (const place of idle) if (this.hasTooMany(device)) void this.dismiss(place);
  }

  /**
   * Starts a worker, and lets it take work once its method `ready` has answered.
   * @returns the answer
   * @throws what `ready` throws; the worker is gone then
   */
  async start<Ready>(spec: WorkerSpec): Promise<Ready> {
    const place = this.open(spec);
    try {
      const ready = await place.call<Ready>('ready', null);
      this.admit([place]);
      return ready;
    } catch (error) {
      this.places.delete(place);
      await place.close();
      throw error;
    }
  }

  /** Starts workers that take work at once. */
  add(specs: readonly WorkerSpec[]): void {
    this.admit(specs.map(spec => this.open(spec)));
  }

  /** Starts workers that get ready before they are let in. What is wrong with one is told by its first call. */
  prepare(specs: readonly WorkerSpec[]): ReadyingWorkers {
    const places = specs.map(spec => this.open(spec));
    for (const place of places) place.call('ready', null).catch(() => undefined);
    return {
      admit: () => this.admit(places),
      close: async () => {
        for (const place of places) this.places.delete(place);
        await Promise.all(places.map(place => place.close()));
      },
    };
  }

  /** Gives the first worker that is free to `work`. */
  use<Result>(work: (worker: Worker) => Promise<Result>): Promise<Result> {
    return this.limit(async () => {
      const place = this.free.shift();
      if (!place) throw new Error('more calls than workers');
      try {
        return await work(place);
      } catch (error) {
        if (error instanceof OutOfMemoryError && !this.isClosed) await place.restart();
        throw error;
      } finally {
        if (this.hasTooMany(place.device)) await this.dismiss(place);
        else this.free.push(place);
      }
    });
  }

  /** Calls a method of the first worker that is free. */
  call<Result>(method: string, argument: unknown): Promise<Result> {
    return this.use(worker => worker.call<Result>(method, argument));
  }

  /**
   * Ends all workers, none of which is at anything, and can start others.
   * @param starting settles when no more of them are being started
   */
  async empty(starting: Promise<unknown>): Promise<void> {
    await starting.catch(() => undefined);
    const places = [...this.places];
    this.places.clear();
    this.free.length = 0;
    this.kept.clear();
    await Promise.all(places.map(place => place.close()));
  }

  /** Ends all workers, whatever they are at; calls under way are rejected, and those that wait never start. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.limit.clearQueue();
    await Promise.all([...this.places].map(place => place.close()));
  }

  private open(spec: WorkerSpec): Place {
    // Whoever falls back to another engine while all is ended would start workers that nobody waits for.
    if (this.isClosed) throw new Error('the worker pool is closed');
    const place = new Place(this.script, spec);
    this.places.add(place);
    return place;
  }

  private admit(places: readonly Place[]): void {
    for (const { device } of places) this.kept.set(device, (this.kept.get(device) ?? 0) + 1);
    this.free.push(...places);
    this.limit.concurrency = Math.max(1, this.size);
  }

  private placesOf(device: string): number {
    return [...this.places].filter(place => place.device === device).length;
  }

  private async dismiss(place: Place): Promise<void> {
    this.places.delete(place);
    const at = this.free.indexOf(place);
    if (at >= 0) this.free.splice(at, 1);
    await place.close();
  }
}

/** An error as a person should read it: a worker's own, or one line on how it died. */
function fromWorker(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const remedy = 'remedy' in error && typeof error.remedy === 'string' ? error.remedy : '';
  const known = [UserError, OutOfMemoryError, EngineFault].find(({ name }) => name === error.name);
  if (known) return new known(error.message, remedy);
  const death = /exitCode: `(\w+)`\s+signalCode: `(\w+)`/.exec(error.message);
  if (!death) return error;
  const [, code, signal] = death;
  return new WorkerDied(signal === 'null' ? `exit code ${code}` : signal);
}
