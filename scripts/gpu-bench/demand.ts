/** What a piece of work asks of the GPU, seen from below. */
import * as tf from '@tensorflow/tfjs-core';

export interface Demand {
  readonly dispatches: number;
  /** Buffers that were made anew. */
  readonly buffers: number;
  readonly peakBytes: number;
}

/** Counts it on the webgpu engine, which runs, by standing before the functions through which all of it goes. */
export async function demandOf(work: () => Promise<unknown>): Promise<Demand> {
  const backend = await runningBackend();
  const { bufferManager, device } = backend;
  const run = backend.runWebGPUProgram;
  const acquire = bufferManager.acquireBuffer;
  const create = device.createBuffer;
  let [dispatches, buffers, peakBytes] = [0, 0, bufferManager.numBytesAllocated];
  backend.runWebGPUProgram = (...args) => {
    dispatches++;
    return run.apply(backend, args);
  };
  bufferManager.acquireBuffer = (...args) => {
    const buffer = acquire.apply(bufferManager, args);
    peakBytes = Math.max(peakBytes, bufferManager.numBytesAllocated);
    return buffer;
  };
  device.createBuffer = descriptor => {
    buffers++;
    return create.call(device, descriptor);
  };
  try {
    await work();
    return { dispatches, buffers, peakBytes };
  } finally {
    backend.runWebGPUProgram = run;
    bufferManager.acquireBuffer = acquire;
    device.createBuffer = create;
  }
}

async function runningBackend() {
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) throw new Error('another engine runs');
  return backend;
}
