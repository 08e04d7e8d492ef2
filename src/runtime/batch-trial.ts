import { OutOfMemoryError } from '../errors.js';
import type { BatchMemory } from './batch-memory.js';
import { WorkerDied } from './worker-pool.js';

/** How much smaller a batch is tried after a death that memory may have caused: there are few tries. */
const DIVISOR_AFTER_DEATH = 8;

/**
 * The batches that one piece of work is tried with. Full memory halves them for all work on the device. Where a worker
 * died, memory may have been the reason: the work is tried with a much smaller batch there, and where that succeeds,
 * the device keeps to it.
 */
export class BatchTrial {
  /** For each device on which a worker died, by how much its batch is smaller. */
  private readonly divisors = new Map<string, number>();
  private kills = 0;
  private tried = 0;

  constructor(private readonly memory: BatchMemory) {}

  /** @returns the bytes that a batch may take in the try that begins now */
  tryOn(device: string): number {
    this.tried = this.memory.of(device) / this.divisorOn(device);
    return this.tried;
  }

  succeeded(device: string): void {
    if (this.divisorOn(device) > 1) this.memory.lower(device, this.tried);
  }

  /** @returns whether it was memory alone, and a smaller batch can be tried */
  failed(device: string, reason: unknown): boolean {
    if (reason instanceof OutOfMemoryError) return this.memory.halve(device, this.tried);
    if (!(reason instanceof WorkerDied)) return false;
    if (reason.how === 'SIGKILL') this.kills++;
    // A native library ends so where it gets no memory. A system that has none left kills, but so does a person: twice.
    if (reason.how === 'SIGABRT' || this.kills > 1)
      this.divisors.set(device, this.divisorOn(device) * DIVISOR_AFTER_DEATH);
    return false;
  }

  private divisorOn(device: string): number {
    return this.divisors.get(device) ?? 1;
  }
}
