/** What the values of one batch may take on each device, found once: memory that proves full halves it. */
import type { EngineName } from './engine-names.js';
import { asOutOfMemory } from './out-of-memory.js';

/**
 * In bytes, where nothing else is said. At bert-base's shape that is 4 prompts of 20 steps on the native engine, which is
 * the faster the more rows a product has, and 2 on wasm, which is not (docs/performance.md).
 */
export const BATCH_BYTES: Readonly<Record<EngineName, number>> = {
  tensorflow: 420e6,
  wasm: 210e6,
  webgpu: 420e6,
};

/** Below this there is nothing left to halve: it is less than one sample of a small model. */
export const LEAST_BATCH = 1e5;

export class BatchMemory {
  private readonly bytes: Map<string, number>;

  /**
   * @param bytes for each device, by its id
   * @param onLowered told once each time that a device's is lowered, whichever of its workers met full memory, and whether
   *   memory is known to have been full
   */
  constructor(
    bytes: ReadonlyMap<string, number>,
    private readonly onLowered: (device: string, bytes: number, isKnown: boolean) => void,
  ) {
    this.bytes = new Map(bytes);
  }

  of(device: string): number {
    return this.bytes.get(device) ?? BATCH_BYTES.wasm;
  }

  /**
   * After a batch of `tried` bytes did not fit.
   * @returns whether a smaller one can be tried
   */
  halve(device: string, tried: number): boolean {
    if (this.of(device) < tried) return true; // Another worker of this device was here first.
    if (tried < LEAST_BATCH) return false;
    this.lower(device, tried / 2, true);
    return true;
  }

  /** After a batch of `bytes` fitted where a larger one had not. */
  lower(device: string, bytes: number, isKnown: boolean): void {
    if (this.of(device) <= bytes) return;
    this.bytes.set(device, bytes);
    this.onLowered(device, bytes, isKnown);
  }
}

/**
 * Runs work that takes a batch's bytes in this process, again with half of them while memory is full.
 * @throws OutOfMemoryError where the smallest batch does not fit either, or the engine is at its end
 */
export async function withinMemory<T>(
  memory: BatchMemory,
  device: string,
  work: (batchBytes: number) => Promise<T>,
): Promise<T> {
  for (;;) {
    const tried = memory.of(device);
    try {
      return await work(tried);
    } catch (error) {
      const full = asOutOfMemory(error);
      if (!full) throw error;
      if (full.isLasting || !memory.halve(device, tried)) throw full;
    }
  }
}

/** One line on that. */
export function loweredText(device: string, bytes: number, isKnown: boolean): string {
  return `${device}: memory is full${isKnown ? '' : ', as it seems'}; from here on batches of ${megabytes(bytes)}`;
}

/** "420 MB", "2.6 MB" */
export function megabytes(bytes: number): string {
  return `${bytes < 10e6 ? (bytes / 1e6).toPrecision(2) : Math.round(bytes / 1e6)} MB`;
}
