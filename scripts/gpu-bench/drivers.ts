/**
 * Finds Vulkan's driver. Where NVIDIA's is installed with all that belongs to it, Vulkan's loader finds it by itself. In
 * containers a piece is often missing: the loader, the manifest that names the driver's library, or a library of X11 that the driver
 * is linked with. What is missing is lent from the archive, or written into a temporary folder.
 */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/errors.js';
import {
  ADAPTER_VARIABLE,
  type Adapter,
  chooseAdapter,
  listAdapters,
} from '../../src/runtime/engines/webgpu-adapters.js';
import { whyNotLoaded } from './libraries.js';
import { adviceFor, DRIVER_LIBRARIES, describeMachine } from './machine.js';

/** A folder of libraries that the archive brings along; its launcher sets it. */
const LENT = process.env.GPU_BENCH_LIBRARIES;

/** Where container hosts mount the driver's libraries, beside the folders that the linker knows. */
const DRIVER_FOLDERS = ['/usr/local/nvidia/lib64', '/usr/local/nvidia/lib', '/usr/lib/wsl/lib'];

/** And its manifests, where the loader does not look. */
const MANIFESTS = [
  '/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json',
  '/usr/local/nvidia/vulkan/icd.d/nvidia_icd.json',
  '/usr/lib/x86_64-linux-gnu/nvidia/vulkan/icd.d/nvidia_icd.json',
];

interface Attempt {
  readonly how: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Found {
  readonly adapter: Adapter;
  readonly how: string;
  /** What is lent from the archive. */
  readonly lent: string[];
}

/**
 * Finds a GPU, and leaves in this process's environment what a process needs to find it again.
 * @param folder a temporary one, for what has to be written
 * @throws UserError where there is none, with what was seen of it
 */
export async function findGpu(folder: string): Promise<Found> {
  const lent = lendLibraries(join(folder, 'lib'));
  const failures: string[] = [];
  for (const { how, environment } of attempts(folder)) {
    const before = { ...process.env };
    Object.assign(process.env, environment);
    try {
      const adapter = chooseAdapter(await listAdapters(), process.env[ADAPTER_VARIABLE]);
      return { adapter, how, lent };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.push(`  ${how}: ${error.message}${error.remedy ? ` (${error.remedy})` : ''}`);
      for (const name of Object.keys(environment)) restore(name, before[name]);
    }
  }
  const machine = describeMachine(lent);
  throw new UserError(
    [
      'no GPU that Vulkan can compute on. Tried:',
      ...failures,
      'Seen here:',
      ...machine.map(line => `  ${line}`),
    ].join('\n'),
    adviceFor(),
  );
}

/** Puts the libraries that this machine lacks, and no others, where the processes to come look last. */
function lendLibraries(folder: string): string[] {
  mkdirSync(folder);
  const folders = [process.env.LD_LIBRARY_PATH, ...DRIVER_FOLDERS.filter(existsSync)].filter(path => !!path);
  process.env.LD_LIBRARY_PATH = folders.join(':');
  const names = LENT && existsSync(LENT) ? readdirSync(LENT).filter(name => name.includes('.so.')) : [];
  const missing = names.filter(name => whyNotLoaded(name) !== undefined);
  for (const name of missing) symlinkSync(join(LENT ?? '', name), join(folder, name));
  process.env.LD_LIBRARY_PATH = [...folders, folder].join(':');
  return missing;
}

function* attempts(folder: string): Generator<Attempt> {
  const set = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'].find(name => process.env[name]);
  if (set) {
    yield { how: `${set}=${process.env[set]}`, environment: {} };
    return;
  }
  yield { how: "Vulkan's loader, by itself", environment: {} };
  for (const path of MANIFESTS.filter(existsSync)) yield { how: path, environment: manifestAt(path) };
  for (const library of DRIVER_LIBRARIES) {
    if (whyNotLoaded(library) !== undefined) continue;
    const path = join(folder, `${library}.json`);
    const manifest = { file_format_version: '1.0.0', ICD: { library_path: library, api_version: '1.3.0' } };
    writeFileSync(path, JSON.stringify(manifest));
    yield { how: `a manifest written for ${library}`, environment: manifestAt(path) };
  }
}

/** Loaders before 1.3.207, such as Ubuntu 22.04's, know the second name alone. */
function manifestAt(path: string): Record<string, string> {
  return { VK_DRIVER_FILES: path, VK_ICD_FILENAMES: path };
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
