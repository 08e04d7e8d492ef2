/** The devices of this machine. */
import { cpus } from 'node:os';
import { UserError } from '../../errors.js';
import { EngineAbsent } from '../engines/absent.js';
import { hidesGpus } from '../engines/cuda.js';
import { findInstalledTensorflow, isTensorflowThere } from '../engines/installed-tensorflow.js';
import { ADAPTER_VARIABLE, chooseAdapter, gpusOf, listAdapters } from '../engines/webgpu-adapters.js';
import { thisMachine } from '../machine.js';
import type { Device, DeviceKind } from './device.js';
import { listNvidiaGpus } from './nvidia-gpus.js';

const LIST: Readonly<Record<DeviceKind, () => Promise<Device[]>>> = {
  cuda: listCuda,
  webgpu: listWebgpu,
  cpu: listCpu,
};

/**
 * Those of one kind, in the order of their numbers.
 * @throws EngineAbsent where there are none, UserError where a driver does not answer
 */
export function listDevices(kind: DeviceKind): Promise<Device[]> {
  return LIST[kind]();
}

async function listCuda(): Promise<Device[]> {
  const installed = await findInstalledTensorflow().catch(error => {
    // No fault of the GPUs: whoever starts the engine on the processor hears of it.
    throw error instanceof UserError ? new EngineAbsent(error.message, error.remedy) : error;
  });
  if (!installed?.manifest.cuda)
    throw new EngineAbsent('the tensorflow engine is not set up for CUDA', 'Run kn setup tensorflow --cuda.');
  const gpus = await listNvidiaGpus().catch(error => {
    if (!(error instanceof EngineAbsent) || hidesGpus(process.env.CUDA_VISIBLE_DEVICES)) throw error;
    // Whoever set the engine up for CUDA wants to know.
    throw new UserError(`the tensorflow engine is made for CUDA, and ${error.message}`, error.remedy);
  });
  return gpus.map(({ uuid, name, memory }, i) => ({
    kind: 'cuda',
    id: `cuda:${i}`,
    name,
    memory,
    software: false,
    engines: ['tensorflow'],
    environment: { CUDA_VISIBLE_DEVICES: uuid },
  }));
}

/** All adapters, programs that play a GPU too. */
async function listWebgpu(): Promise<Device[]> {
  const adapters = await listAdapters();
  return adapters.map(({ name, software }, i) => ({
    kind: 'webgpu',
    id: `webgpu:${i}`,
    name,
    memory: null, // WebGPU keeps it to itself.
    software,
    engines: ['webgpu'],
    environment: { [ADAPTER_VARIABLE]: name },
  }));
}

async function listCpu(): Promise<Device[]> {
  return [
    {
      kind: 'cpu',
      id: 'cpu',
      name: cpus()[0]?.model.trim() ?? 'unknown',
      memory: thisMachine().memory,
      software: false,
      engines: (await isTensorflowThere()) ? ['tensorflow', 'wasm'] : ['wasm'],
      // A libtensorflow for CUDA would take a GPU.
      environment: { CUDA_VISIBLE_DEVICES: '-1' },
    },
  ];
}

/**
 * Of WebGPU's devices the GPUs, or the one adapter that KN_WEBGPU_ADAPTER names.
 * @throws EngineAbsent where there is none, UserError where there is not the one that is named
 */
export function gpusOfWebgpu(devices: readonly Device[]): Device[] {
  const asked = process.env[ADAPTER_VARIABLE];
  const gpus = asked ? [chooseAdapter(devices, asked)] : gpusOf(devices);
  if (gpus.length === 0) chooseAdapter(devices, undefined); // which says why
  return gpus;
}
