/**
 * The `webgpu` engine: tfjs's kernels in WGSL on Dawn, through Vulkan, Metal or Direct3D 12, on any GPU that has one of
 * them. Both packages are optional dependencies, since Dawn comes for all platforms at once.
 *
 * `webgpu-adapters.ts` asks a process of its own which adapters there are, and chooses: a GPU, or a program that plays one where
 * it is named. `webgpu-watch.ts` makes errors of what WebGPU passes over in silence: a tensor over the GPU's limit is refused when
 * it is made, and after a lost device or a full memory no tensor can be read; a worker whose GPU is lost ends, so that the pool
 * starts another. `webgpu-buffers.ts` bounds the memory that lies idle, and `webgpu-polling.ts` leaves a software adapter its
 * cores. Nothing may be read without waiting: `await tensor.data()`.
 */
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import type { Engine, OnLoss } from './engine.js';
import { gpuBackend } from './gpu-backend.js';
import { loadDawn } from './load-dawn.js';
import { ADAPTER_VARIABLE, chooseAdapter, listAdapters } from './webgpu-adapters.js';
import { boundFreeBuffers } from './webgpu-buffers.js';
import { pollSeldom } from './webgpu-polling.js';
import { watchDevice } from './webgpu-watch.js';

const TFJS_WEBGPU = '@tensorflow/tfjs-backend-webgpu';

/**
 * Has Dawn's kernels write the zeros that a workgroup's memory begins with. SwiftShader, left to it, compiles a store for
 * each element of the tiles of a matrix product, which takes it longer than all the rest.
 */
const ZEROED_BY_DAWN = ['disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension'];

/** Dawn ends where these are collected as garbage, in a crash if its devices are still at work. */
const alive: GPU[] = [];

/** What runs in this process already: it has one device, whoever starts it. */
let running: Engine | undefined;

/**
 * Starts it on the adapter that KN_WEBGPU_ADAPTER names, or else on the first GPU.
 * @param onLoss called where the device is lost: this process computes nothing more
 * @throws EngineAbsent where there is no GPU, UserError where there is not the one asked for
 */
export async function startWebgpu(onLoss: OnLoss): Promise<Engine> {
  if (running && tf.findBackend('webgpu') && (await tf.setBackend('webgpu'))) return running;
  const { create, globals } = await loadDawn();
  const { name, software } = chooseAdapter(await listAdapters(), process.env[ADAPTER_VARIABLE]);
  const gpu = create([`backend=${gpuBackend()}`, `adapter=${name}`, ...(software ? ZEROED_BY_DAWN : [])]);
  alive.push(gpu);
  if (software) pollSeldom();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error(`the adapter ${name} is gone`);
  const device = await openDevice(adapter);

  // GPUBuffer, GPUBufferUsage and their like, which in a browser are there.
  Object.assign(globalThis, globals);
  const { WebGPUBackend, webgpu_util } = await import('@tensorflow/tfjs-backend-webgpu');
  const backend = withNavigator(gpu, () => new WebGPUBackend(device, adapter.info));
  boundFreeBuffers(backend.bufferManager);
  watchDevice(backend, name, onLoss);
  // One of tfjs's ways to multiply splits long sums among threads, which add up in no fixed order. This one gives the same
  // bits each time, and tfjs would choose it anyway for matrices of bert-base's size.
  tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', webgpu_util.MatMulProgramType.MatMulPackedProgram);
  tf.registerBackend('webgpu', () => backend);
  if (!(await tf.setBackend('webgpu'))) throw new Error('tfjs-backend-webgpu did not start');
  await tf.ready();
  running = {
    name: 'webgpu',
    version: `webgpu ${versionOf('webgpu')} (Dawn), tfjs-backend-webgpu ${versionOf(TFJS_WEBGPU)}, ${name}`,
  };
  return running;
}

/** A device with all that the adapter has: WebGPU's defaults would stop at buffers of 128 MiB. */
function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const { limits } = adapter;
  return adapter.requestDevice({
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
  });
}

/**
 * tfjs's backend is made only where `navigator.gpu` is, as in a browser. It is there no longer than that, since other
 * libraries take a process with a navigator for a browser.
 */
function withNavigator<T>(gpu: GPU, make: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  try {
    return make();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}

function versionOf(packageName: string): string {
  const { version }: { version: string } = createRequire(import.meta.url)(`${packageName}/package.json`);
  return version;
}
