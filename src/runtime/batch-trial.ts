import { OutOfMemoryError } from '../errors.js';
import type { BatchMemory } from './batch-memory.js';
import { killsForMemory } from './memory-kills.js';
import { WorkerDied } from './worker-pool.js';

/** How much smaller a batch is tried after a death that memory may have caused: there are few tries. */
const DIVISOR_AFTER_DEATH = 8;

/**
 * The batches that one piece of work is tried with. Full memory halves them for all work on the device. Where a worker
 * died, memory may have been the reason: the work is tried with a much smaller batch there, and where that succeeds,
 * the device keeps to it. Other batches round otherwise, so nothing less than that makes them smaller.
 */
export class BatchTrial {
  /** For each device on which a worker died, by how much its batch is smaller. */
  private readonly divisors = new Map<string, number>();
  private deaths = 0;
  private tried = 0;
  private killsBefore: number | undefined;

  /** @param kills how many processes the system has killed for their memory */
  constructor(
    private readonly memory: BatchMemory,
    private readonly kills = killsForMemory,
  ) {}

  /** @returns the bytes that a batch may take in the try that begins now */
  tryOn(device: string): number {
    this.killsBefore = this.kills();
    this.tried = this.memory.of(device) / this.divisorOn(device);
    return this.tried;
  }

  succeeded(device: string): void {
    if (this.divisorOn(device) > 1) this.memory.lower(device, this.tried);
  }

  /** @returns whether it was memory alone, and a smaller batch can be tried */
  failed(device: string, reason: unknown): boolean {
    if (reason instanceof OutOfMemoryError) return this.memory.halve(device, this.tried);
    if (reason instanceof WorkerDied && this.maybeForMemory(reason))
      this.divisors.set(device, this.divisorOn(device) * DIVISOR_AFTER_DEATH);
    return false;
  }

  private maybeForMemory({ how }: WorkerDied): boolean {
    // A native library ends so where it gets no memory.
    if (how === 'SIGABRT') return true;
    if (how !== 'SIGKILL') return false;
    // A system that has no memory left kills, but so does a person. Where nobody counts, a person is believed once.
    this.deaths++;
    const now = this.kills();
    return now === undefined || this.killsBefore === undefined ? this.deaths > 1 : now > this.killsBefore;
  }

  private divisorOn(device: string): number {
    return this.divisors.get(device) ?? 1;
  }
}
