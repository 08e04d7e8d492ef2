import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/** What may lie idle, for tensors to come, in bytes: a pass over the usual batch takes a third of it. */
const IDLE_BYTES = 1e9;

/**
 * Bounds the GPU's memory that lies idle. tfjs keeps every buffer that it ever made, for another tensor of exactly its
 * size; over facts of all lengths that would grow without end. Here the sizes that were free for the longest go first.
 * @param idleBytes how much may lie idle
 */
export function boundFreeBuffers(manager: WebGPUBackend['bufferManager'], idleBytes = IDLE_BYTES): void {
  const acquire = manager.acquireBuffer.bind(manager);
  const release = manager.releaseBuffer.bind(manager);
  /** Free buffers of each size and usage, of which the longest unused stands first. */
  const free = new Map<string, { size: number; usage: number; count: number }>();
  let freeBytes = 0;

  const count = (size: number, usage: number, change: 1 | -1): void => {
    const key = `${size}_${usage}`;
    const before = free.get(key)?.count ?? 0;
    if (before + change < 0) return; // It was made anew.
    free.delete(key);
    freeBytes += change * size;
    if (before + change > 0) free.set(key, { size, usage, count: before + change });
  };

  manager.acquireBuffer = (size, usage, mappedAtCreation = false, reuse = true) => {
    if (reuse) count(size, usage, -1);
    return acquire(size, usage, mappedAtCreation, reuse);
  };
  manager.releaseBuffer = (buffer, reuse = true) => {
    release(buffer, reuse);
    if (reuse) count(buffer.size, buffer.usage, 1);
    for (const { size, usage } of free.values()) {
      while (freeBytes > idleBytes && free.has(`${size}_${usage}`)) {
        release(acquire(size, usage), false);
        count(size, usage, -1);
      }
      if (freeBytes <= idleBytes) break;
    }
  };
}
