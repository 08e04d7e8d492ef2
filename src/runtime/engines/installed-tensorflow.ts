/**
 * What `kn setup tensorflow` leaves in the user's data folder:
 *
 *     engines/tensorflow/
 *       engine.json                           what it is, written last
 *       tfjs_binding.node                     the addon, which finds lib/ beside it
 *       kernels.node                          kernels of this project's own, native/kernels.cc
 *       stderr.node                           mutes what libtensorflow prints while it is loaded
 *       preload.node                          loads CUDA's libraries before libtensorflow asks for them
 *       lib/libtensorflow*.so.2
 *       nvidia/                               CUDA's libraries, of a build for CUDA: beside lib/ as in Python's
 *                                             site-packages, where libtensorflow looks for ptxas
 *       node_modules/@tensorflow/tfjs-node    its kernels, in JavaScript
 *       node_modules/@tensorflow/tfjs         one line that hands it this process's tfjs-core
 */
import { access, constants, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import { refusedFile, UserError } from '../../errors.js';
import { nameIsTaken, readJsonFile } from '../../files.js';
import { enginesFolder } from '../folders.js';

export const TFJS_NODE = '@tensorflow/tfjs-node';
export const ADDON = 'tfjs_binding.node';
export const KERNELS_ADDON = 'kernels.node';
export const STDERR_ADDON = 'stderr.node';
export const PRELOAD_ADDON = 'preload.node';
/** The name under which tfjs-core is handed over, in all globals. */
export const HOST_TFJS = 'knowledgeNeuronsTfjs';

const FORMAT = 1;

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  tfjsNode: z.string(),
  /** Where libtensorflow came from, as `--from` takes it, and the SHA-256 of that file where it was one. */
  from: z.string(),
  sha256: z.string().nullable(),
  /** Whether libtensorflow was built for CUDA, and the wheels of CUDA's libraries. */
  cuda: z.boolean().default(false),
  cudaWheels: z.array(z.string()).default([]),
  compiler: z.string(),
  installed: z.string(),
});

export type TensorflowManifest = z.infer<typeof manifestSchema>;

export interface InstalledTensorflow {
  readonly folder: string;
  readonly manifest: TensorflowManifest;
}

const UNREADABLE =
  "It is the tensorflow engine's: let this user read it, run kn setup tensorflow again, or take --engine wasm.";

export function tensorflowFolder(): string {
  return join(enginesFolder(), 'tensorflow');
}

/**
 * The installation in `folder`, or undefined where there is none.
 * @throws UserError where this user may not read it, or it is not one that this version reads
 */
export async function findInstalledTensorflow(
  folder = tensorflowFolder(),
): Promise<InstalledTensorflow | undefined> {
  const path = join(folder, 'engine.json');
  if (!(await nameIsTaken(path, UNREADABLE))) return undefined;
  const parsed = manifestSchema.safeParse(await readJsonFile(path, UNREADABLE));
  if (parsed.success) return { folder, manifest: parsed.data };
  throw new UserError(
    `${path}: not an engine that this version of kn knows`,
    'Run kn setup tensorflow again.',
  );
}

export function manifestOf(facts: Omit<TensorflowManifest, 'format'>): TensorflowManifest {
  return { format: FORMAT, ...facts };
}

/** Whether the engine was set up, or its package installed beside this one; not whether it works. */
export async function isTensorflowThere(): Promise<boolean> {
  const installed = await findInstalledTensorflow().catch(() => 'damaged');
  return installed !== undefined || isPackageThere();
}

/** Whether tfjs-node itself was installed beside this package. */
export function isPackageThere(): boolean {
  try {
    createRequire(import.meta.url).resolve(TFJS_NODE);
    return true;
  } catch {
    return false;
  }
}

/** What a process loads. A licence that it may not read keeps no engine from starting, and is not why one does not. */
const LOADED = /\.(?:[cm]?js|json|node)$|\.so(?:\.|$)/;

/**
 * @returns an error that names the first file or folder of what is loaded of the installation and this user may not read; where
 * there is none, undefined. `require` takes such a file for one that is not there.
 */
export async function unreadablePart(folder: string): Promise<UserError | undefined> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() && !LOADED.test(entry.name)) continue;
    try {
      await access(path, entry.isDirectory() ? constants.R_OK | constants.X_OK : constants.R_OK);
    } catch (error) {
      return refusedFile(path, 'read', error, UNREADABLE);
    }
    const within = entry.isDirectory() ? await unreadablePart(path) : undefined;
    if (within) return within;
  }
  return undefined;
}
