import { OutOfMemoryError } from '../errors.js';
import type { BatchMemory } from './batch-memory.js';
import type { MemoryRelief } from './memory-relief.js';
import { WorkerDied } from './worker-pool.js';

/** How much smaller a batch is tried after a library has aborted: there are few tries. */
const DIVISOR_AFTER_ABORT = 8;

/**
 * What a failed try says: `again`, it was not the work and something was done about it; `counted`, the work may be at fault;
 * `no memory`, nothing can be done about it.
 */
export type Verdict = 'again' | 'counted' | 'no memory';

/**
 * The batches that one piece of work is tried with. Full memory halves them for all work on the device. Where the system
 * killed a worker, memory is relieved for all work (`memory-relief.ts`). Where a library aborted, memory may have been the
 * reason: the piece alone is tried with a much smaller batch there, and where that succeeds, the device keeps to it.
 */
export class BatchTrial {
  /** For each device on which a library aborted, the batch that is tried. */
  private readonly afterAbort = new Map<string, number>();
  private tried = 0;
  private killsBefore: number | undefined;
  private last: Verdict = 'counted';

  constructor(
    private readonly memory: BatchMemory,
    private readonly relief: MemoryRelief,
  ) {}

  /** Of the last try that failed. */
  get verdict(): Verdict {
    return this.last;
  }

  /** @returns the bytes that a batch may take in the try that begins now */
  tryOn(device: string): number {
    this.last = 'counted';
    this.killsBefore = this.relief.kills();
    const smaller = this.afterAbort.get(device) ?? Number.POSITIVE_INFINITY;
    this.tried = Math.min(this.relief.batchOn(device), smaller);
    return this.tried;
  }

  succeeded(device: string): void {
    this.relief.succeeded(device, this.tried);
    if (this.afterAbort.has(device)) this.memory.lower(device, this.tried, false);
  }

  failed(device: string, reason: unknown): Verdict {
    this.last = this.judge(device, reason);
    return this.last;
  }

  private judge(device: string, reason: unknown): Verdict {
    if (reason instanceof OutOfMemoryError)
      return this.memory.halve(device, this.tried) ? 'again' : 'counted';
    if (!(reason instanceof WorkerDied)) return 'counted';
    // A native library ends so where it gets no memory, and where it is broken.
    if (reason.how === 'SIGABRT') this.afterAbort.set(device, this.tried / DIVISOR_AFTER_ABORT);
    if (reason.how !== 'SIGKILL') return 'counted';
    // A system that has no memory left kills, but so does a person.
    const [before, now] = [this.killsBefore, this.relief.kills()];
    const isCounted = before !== undefined && now !== undefined;
    if (isCounted && now <= before) return 'counted';
    switch (this.relief.killed(device, this.tried, isCounted)) {
      case 'relieved':
        return 'again';
      case 'at its end':
        return 'no memory';
      default:
        return 'counted';
    }
  }
}
