/** The webgpu engine in this process, seen from below: its device, and what a piece of work asks of it. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { type OnLoss, startEngine } from '../../src/runtime/engine.js';

export interface Gpu {
  readonly backend: WebGPUBackend;
  /** What computes, with its version. */
  readonly engine: string;
}

export async function startGpu(onLoss?: OnLoss): Promise<Gpu> {
  const { version } = await startEngine('webgpu', onLoss);
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) throw new Error('another engine runs');
  return { backend, engine: version };
}

export interface Demand {
  readonly dispatches: number;
  /** Buffers that were made anew. */
  readonly buffers: number;
  readonly peakBytes: number;
}

/** Counts what some work asks of the GPU, by standing before the functions through which all of it goes. */
export async function demandOf({ backend }: Gpu, work: () => Promise<unknown>): Promise<Demand> {
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
