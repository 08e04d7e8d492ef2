/**
 * What relieves memory where workers are killed for it: fewer workers first, which changes no number, then smaller batches,
 * which round float32 otherwise. Each is taken once for all pieces of work.
 *
 * Where the system counts its kills for memory, each that it counted leads to the next of these. Where nobody counts, kills of
 * which none was followed by a piece done are taken for that: a person who kills a worker now and then is not.
 */
import { type BatchMemory, LEAST_BATCH } from './batch-memory.js';
import { killsForMemory } from './memory-kills.js';

/** Whose workers can be made fewer. */
export interface Workforce {
  /** How many each device has, without those that are to end. */
  workers(): ReadonlyMap<string, number>;
  /** Whether some of a device's are to end, and one that has died is no longer missed. */
  hasTooMany(device: string): boolean;
  /** Leaves a device so many: the others end with what they are at. */
  keep(device: string, workers: number): void;
}

/**
 * What came of a kill: something was relieved, or it is too early to tell, or nothing can be relieved and memory does not
 * suffice.
 */
export type Relief = 'relieved' | 'waiting' | 'at its end';

/** Of the workers, as many go on: one at least ends. Half would leave too much of a large machine idle. */
const SHARE_THAT_GOES_ON = 0.75;

/** Each try may cost a worker, which loads its model again. */
const DIVISOR_OF_BATCH = 4;

/** Kills that nobody counts, one after the other, before they are taken for full memory. */
const KILLS_BEFORE_FEWER = 2;
const KILLS_BEFORE_SMALLER = 3;

interface Trial {
  readonly bytes: number;
  readonly isKnown: boolean;
}

export interface ReliefOptions extends Pick<MemoryRelief, 'lack'> {
  readonly workforce: Workforce;
  readonly memory: BatchMemory;
  /** Told each time that a device keeps fewer workers, and whether memory is known to have been full. */
  readonly onFewer: (device: string, workers: number, isKnown: boolean) => void;
  /** Default: what the system counts. */
  readonly kills?: () => number | undefined;
}

export class MemoryRelief {
  /** Of each device, the kills since something was done or relieved there. */
  private readonly inARow = new Map<string, number>();
  /** Smaller batches that have not succeeded yet. */
  private readonly trials = new Map<string, Trial>();
  /** Devices on which the smallest batch did not help. */
  private readonly atEnd = new Set<string>();

  /** How many processes the system has killed for their memory. */
  readonly kills: () => number | undefined;
  /** One line on what there is and what is needed. */
  readonly lack: string;

  constructor(private readonly options: ReliefOptions) {
    this.kills = options.kills ?? killsForMemory;
    this.lack = options.lack;
  }

  /** @returns the bytes that a batch may take in a try that begins now */
  batchOn(device: string): number {
    return Math.min(
      this.options.memory.of(device),
      this.trials.get(device)?.bytes ?? Number.POSITIVE_INFINITY,
    );
  }

  /** A piece of work was done in batches of so many bytes. */
  succeeded(device: string, bytes: number): void {
    this.inARow.delete(device);
    this.atEnd.delete(device);
    const trial = this.trials.get(device);
    this.trials.delete(device);
    if (trial && bytes <= trial.bytes) this.options.memory.lower(device, bytes, trial.isKnown);
  }

  /**
   * A worker was killed at batches of so many bytes.
   * @param isKnown whether the system says that it was for memory; else nobody knows
   */
  killed(device: string, bytes: number, isKnown: boolean): Relief {
    if (this.atEnd.has(device)) return 'at its end';
    if (this.options.workforce.hasTooMany(device)) return 'relieved';
    const kills = (this.inARow.get(device) ?? 0) + 1;
    this.inARow.set(device, kills);
    // Whichever device they feed, all workers are in the same memory.
    const [most, workers] = [...this.options.workforce.workers()].reduce(
      (a, b) => (b[1] > a[1] ? b : a),
      [device, 1],
    );
    if (!isKnown && kills < (workers > 1 ? KILLS_BEFORE_FEWER : KILLS_BEFORE_SMALLER)) return 'waiting';
    this.inARow.delete(device);
    if (workers > 1) {
      const fewer = Math.floor(workers * SHARE_THAT_GOES_ON);
      this.options.workforce.keep(most, fewer);
      this.options.onFewer(most, fewer, isKnown);
      return 'relieved';
    }
    if (bytes > this.batchOn(device)) return 'relieved'; // Another piece's smaller batch has not been tried yet.
    if (bytes < LEAST_BATCH) {
      // It was not the batch: the larger one is kept.
      this.trials.delete(device);
      this.atEnd.add(device);
      return 'at its end';
    }
    this.trials.set(device, { bytes: bytes / DIVISOR_OF_BATCH, isKnown });
    return 'relieved';
  }
}

/** One line on that. */
export function fewerText(device: string, workers: number, isKnown: boolean, memory: string): string {
  const full = `memory is full${isKnown ? '' : ', as it seems'} (${memory})`;
  return `${device}: ${full}; from here on ${workers} ${workers === 1 ? 'worker' : 'workers'}`;
}
