/**
 * Finds Vulkan's driver. Where NVIDIA's is installed with all that belongs to it, Vulkan's loader finds it by itself. In
 * containers a piece is often missing: the loader, the manifest that names the driver's library, or a library of X11 that the driver
 * is linked with. What is missing is lent from the archive, by the environment alone: nothing is written.
 */
import { existsSync, readdirSync } from 'node:fs';
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

/** The folder of what the archive brings along, which its launcher names: lib/NAME/NAME for each library, and lib/icd.d. */
const LENT = process.env.GPU_BENCH_LIBRARIES;

/** Loaders before 1.3.207, such as Ubuntu 22.04's, know the second name alone. */
const MANIFEST_VARIABLES = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;

/** All that {@link searchGpu} may set. */
export const ENVIRONMENT = ['LD_LIBRARY_PATH', ...MANIFEST_VARIABLES] as const;

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
  readonly lent: readonly string[];
}

export interface NotFound {
  /** What was tried, and why it failed, a line each. */
  readonly failures: readonly string[];
  readonly lent: readonly string[];
}

/**
 * Finds a GPU, and leaves in this process's environment what a process needs to find it again.
 * @throws UserError where there is none, with what was seen of it
 */
export async function findGpu(): Promise<Found> {
  const search = await searchGpu();
  if ('adapter' in search) return search;
  const { failures, lent } = search;
  const indented = (lines: readonly string[]) => lines.map(line => `  ${line}`);
  throw new UserError(
    [
      'no GPU that Vulkan can compute on. Tried:',
      ...indented(failures),
      'Seen here:',
      ...indented(describeMachine(lent)),
    ].join('\n'),
    adviceFor(),
  );
}

/** As {@link findGpu}, for whoever can do without. Libraries that the machine lacks are lent all the same. */
export async function searchGpu(): Promise<Found | NotFound> {
  const lent = lendLibraries();
  const failures: string[] = [];
  for (const { how, environment } of attempts()) {
    const before = { ...process.env };
    Object.assign(process.env, environment);
    try {
      const adapter = chooseAdapter(await listAdapters(), process.env[ADAPTER_VARIABLE]);
      return { adapter, how, lent };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.push(`${how}: ${error.message}${error.remedy ? ` (${error.remedy})` : ''}`);
      for (const name of Object.keys(environment)) restore(name, before[name]);
    }
  }
  return { failures, lent };
}

/** Has the processes to come look for the libraries that this machine lacks, and for no others, in the archive. */
function lendLibraries(): string[] {
  const folders = [process.env.LD_LIBRARY_PATH, ...DRIVER_FOLDERS.filter(existsSync)].filter(path => !!path);
  const look = (more: readonly string[]) => {
    const path = [...folders, ...more].join(':');
    if (path) process.env.LD_LIBRARY_PATH = path;
  };
  look([]);
  const names = LENT && existsSync(LENT) ? readdirSync(LENT).filter(name => name.includes('.so.')) : [];
  const missing = names.filter(name => whyNotLoaded(name) !== undefined);
  look(missing.map(name => join(LENT ?? '', name)));
  return missing;
}

function* attempts(): Generator<Attempt> {
  const set = MANIFEST_VARIABLES.find(name => process.env[name]);
  if (set) {
    yield { how: `${set}=${process.env[set]}`, environment: {} };
    return;
  }
  yield { how: "Vulkan's loader, by itself", environment: {} };
  for (const path of MANIFESTS.filter(existsSync)) yield { how: path, environment: manifestAt(path) };
  for (const library of DRIVER_LIBRARIES) {
    const path = join(LENT ?? '', 'icd.d', `${library}.json`);
    if (!existsSync(path) || whyNotLoaded(library) !== undefined) continue;
    yield { how: `the archive's manifest for ${library}`, environment: manifestAt(path) };
  }
}

function manifestAt(path: string): Record<string, string> {
  return Object.fromEntries(MANIFEST_VARIABLES.map(name => [name, path]));
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
