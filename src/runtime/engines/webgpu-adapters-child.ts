/** The process that webgpu-adapters.ts starts: prints the adapters that Dawn finds, as JSON. */
import type { create as Create } from 'webgpu';
import { EngineAbsent } from './absent.js';
import { gpuBackend } from './gpu-backend.js';
import { loadDawn } from './load-dawn.js';
import type { Adapter, AdapterAnswer } from './webgpu-adapters.js';

/** WebGPU itself gives one adapter; Dawn lists all in the message that there is none of a given name. */
const NO_NAME = 'no adapter has this name';
const LISTED = /^ \* backend: '[^']*', name: '(.*)'$/gm;

/** Held: Dawn crashes where one of these is collected as garbage in the midst of its work. */
const instances: GPU[] = [];

process.stdout.write(JSON.stringify(await answer()));

async function answer(): Promise<AdapterAnswer> {
  try {
    const { create } = await loadDawn();
    return await adapters(create);
  } catch (error) {
    if (error instanceof EngineAbsent) return { absent: error.message, remedy: error.remedy };
    throw error;
  }
}

async function adapters(create: typeof Create): Promise<Adapter[]> {
  const names = await namesOfAdapters(create);
  return Promise.all(names.map(async name => describe(name, await adapterOf(create, name))));
}

/** @param adapter null where Dawn lists it and does not give it */
function describe(name: string, adapter: GPUAdapter | null): Adapter {
  if (!adapter) return { name, software: true, vendor: '', architecture: '', driver: '', maxBufferBytes: 0 };
  const { isFallbackAdapter, vendor, architecture, description } = adapter.info;
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  return {
    name,
    software: isFallbackAdapter,
    vendor,
    architecture,
    driver: description,
    maxBufferBytes: Math.min(maxBufferSize, maxStorageBufferBindingSize),
  };
}

async function namesOfAdapters(create: typeof Create): Promise<string[]> {
  try {
    await adapterOf(create, NO_NAME); // null where there is no adapter at all
    return [];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const names = [...error.message.matchAll(LISTED)].map(([, name]) => name);
    if (names.length === 0) throw error;
    return names;
  }
}

function adapterOf(create: typeof Create, name: string): Promise<GPUAdapter | null> {
  const gpu = create([`backend=${gpuBackend()}`, `adapter=${name}`]);
  instances.push(gpu);
  return gpu.requestAdapter({ powerPreference: 'high-performance' });
}
