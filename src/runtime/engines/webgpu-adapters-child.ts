/** The process that webgpu-adapters.ts starts: prints the adapters that Dawn finds, as JSON. */
import { create } from 'webgpu';
import { gpuBackend } from './gpu-backend.js';
import type { Adapter } from './webgpu-adapters.js';

/** WebGPU itself gives one adapter; Dawn lists all in the message that there is none of a given name. */
const NO_NAME = 'no adapter has this name';
const LISTED = /^ \* backend: '[^']*', name: '(.*)'$/gm;

/** Held: Dawn crashes where one of these is collected as garbage in the midst of its work. */
const instances: GPU[] = [];

process.stdout.write(JSON.stringify(await adapters()));

async function adapters(): Promise<Adapter[]> {
  const names = await namesOfAdapters();
  return Promise.all(
    names.map(async name => ({ name, software: (await adapterOf(name))?.info.isFallbackAdapter ?? true })),
  );
}

async function namesOfAdapters(): Promise<string[]> {
  try {
    await adapterOf(NO_NAME); // null where there is no adapter at all
    return [];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const names = [...error.message.matchAll(LISTED)].map(([, name]) => name);
    if (names.length === 0) throw error;
    return names;
  }
}

function adapterOf(name: string): Promise<GPUAdapter | null> {
  const gpu = create([`backend=${gpuBackend()}`, `adapter=${name}`]);
  instances.push(gpu);
  return gpu.requestAdapter({ powerPreference: 'high-performance' });
}
