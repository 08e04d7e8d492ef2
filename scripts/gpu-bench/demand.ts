/** What a piece of work asks of the GPU, seen from below. */
import * as tf from '@tensorflow/tfjs-core';

export interface Demand {
  /** Floating-point operations of the matrix products. */
  readonly operations: number;
  readonly dispatches: number;
  /** Buffers that were made anew. */
  readonly buffers: number;
  readonly peakBytes: number;
}

const PRODUCTS = ['BatchMatMul', '_FusedMatMul'];

/** Counts it on the webgpu engine, which runs, by standing before the functions through which all of it goes. */
export async function demandOf(work: () => Promise<unknown>): Promise<Demand> {
  const backend = await runningBackend();
  const { bufferManager, device } = backend;
  const run = backend.runWebGPUProgram;
  const acquire = bufferManager.acquireBuffer;
  const create = device.createBuffer;
  let [operations, dispatches, buffers, peakBytes] = [0, 0, 0, bufferManager.numBytesAllocated];
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
  const products = PRODUCTS.map(name => tf.getKernel(name, tf.getBackend()));
  for (const kernel of products) {
    replaceKernel({
      ...kernel,
      kernelFunc: call => {
        const result = kernel.kernelFunc(call);
        operations += operationsOf(call, result);
        return result;
      },
    });
  }
  try {
    await work();
    return { operations, dispatches, buffers, peakBytes };
  } finally {
    backend.runWebGPUProgram = run;
    bufferManager.acquireBuffer = acquire;
    device.createBuffer = create;
    products.forEach(replaceKernel);
  }
}

/** Twice the elements of the result, times the dimension that the two matrices share. */
function operationsOf(
  { inputs: { a }, attrs }: Parameters<tf.KernelFunc>[0],
  result: ReturnType<tf.KernelFunc>,
): number {
  const [product] = Array.isArray(result) ? result : [result];
  const shared = a?.shape.at(attrs?.transposeA ? -2 : -1);
  if (shared === undefined) throw new Error('a product without a matrix');
  return 2 * tf.util.sizeFromShape(product.shape) * shared;
}

function replaceKernel(kernel: tf.KernelConfig): void {
  tf.unregisterKernel(kernel.kernelName, kernel.backendName);
  tf.registerKernel(kernel);
}

async function runningBackend() {
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) throw new Error('another engine runs');
  return backend;
}
