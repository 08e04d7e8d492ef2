/**
 * The `tensorflow` engine: tfjs-node's backend on the libtensorflow that `kn setup tensorflow` installed.
 *
 * tfjs-node's kernels are CommonJS and ask for `@tensorflow/tfjs`: the installed folder has a module of that name, of one line,
 * which hands them this process's own tfjs-core. `native/kernels.cc` adds kernels of our own, each in one pass over memory;
 * `tensorflow-kernels.ts` makes them known to tfjs, and `model/layers/` asks for them by name, as the engines that have none do
 * without. A build for CUDA has `cuda` in its engine.json: before libtensorflow is loaded, `cuda.ts` sets the environment and
 * loads CUDA's libraries, which libtensorflow opens by bare names. On a GPU our own kernels stay away, since they are for the CPU.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { EngineAbsent } from './absent.js';
import { checkAddressSpace } from './address-space.js';
import { type CudaLoaded, loadCuda, type PreloadAddon, setCudaEnvironment } from './cuda.js';
import type { Engine } from './engine.js';
import {
  ADDON,
  findInstalledTensorflow,
  HOST_TFJS,
  type InstalledTensorflow,
  isPackageThere,
  KERNELS_ADDON,
  PRELOAD_ADDON,
  STDERR_ADDON,
  TFJS_NODE,
  unreadablePart,
} from './installed-tensorflow.js';
import { loadingTfjsNode } from './load-tfjs-node.js';
import { type OperationRunner, registerFusedKernels } from './tensorflow-kernels.js';
import { checkLeavesAlive } from './tensorflow-trial.js';

/** What is used of tfjs-node, which is loaded from the user's data folder and so has no types here. */
interface TfjsNodeBackend {
  readonly NodeJSKernelBackend: new (
    addon: unknown,
    packageName: string,
  ) => tf.KernelBackend & OperationRunner & { readonly isUsingGpuDevice: boolean };
}

interface TensorflowAddon {
  readonly TF_Version: string;
}

/** native/stderr.cc */
interface KernelsAddon {
  /** Their names; of an addon that an earlier version compiled, undefined. */
  readonly operations?: readonly string[];
}

interface StderrAddon {
  mute(): void;
  unmute(): void;
}

/**
 * Starts it from the user's data folder, or from the package where a user has installed that beside this one.
 * @throws UserError where it is in neither place; another error where it does not load
 */
export async function startTensorflow(): Promise<Engine> {
  loaded ??= load();
  const engine = await loaded;
  if (!(await tf.setBackend('tensorflow'))) throw new Error('tfjs-node did not start');
  await tf.ready();
  return engine;
}

/** What this process has loaded: once, as a library cannot be loaded again. */
let loaded: Promise<Engine> | undefined;

async function load(): Promise<Engine> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const installed = await findInstalledTensorflow();
  if (!installed) return { name: 'tensorflow', version: loadPackage() };
  checkAddressSpace();
  await checkLeavesAlive(installed);
  return loadInstalled(installed).catch(async error => {
    throw (await unreadablePart(installed.folder).catch(() => undefined)) ?? error;
  });
}

async function loadInstalled({ folder, manifest }: InstalledTensorflow): Promise<Engine> {
  const require = createRequire(join(folder, 'package.json'));
  // Its kernels must join the registry of this process's tfjs-core, and not of a second copy.
  Object.assign(globalThis, { [HOST_TFJS]: tf });
  const { NodeJSKernelBackend } = loadingTfjsNode((): TfjsNodeBackend => {
    require(`${TFJS_NODE}/dist/register_all_kernels`);
    return require(`${TFJS_NODE}/dist/nodejs_kernel_backend`);
  });
  const cuda = manifest.cuda ? await readyCuda(folder, require(join(folder, PRELOAD_ADDON))) : undefined;
  const stderr: StderrAddon = require(join(folder, STDERR_ADDON));
  const addon: TensorflowAddon = quietly(stderr, () => require(join(folder, ADDON)));
  const backend = new NodeJSKernelBackend(addon, TFJS_NODE);
  tf.registerBackend('tensorflow', () => backend);
  const tfjsNode = `tfjs-node ${manifest.tfjsNode}`;
  // Our kernels are for the CPU: on a GPU, each would fetch its operands from there and send its results back.
  if (backend.isUsingGpuDevice)
    return { name: 'tensorflow', version: `tensorflow ${addon.TF_Version} on CUDA, ${tfjsNode}`, gpu: true };
  const { operations }: KernelsAddon = require(join(folder, KERNELS_ADDON));
  const lacking = registerFusedKernels(backend, operations);
  const engine: Engine = { name: 'tensorflow', version: `tensorflow ${addon.TF_Version}, ${tfjsNode}` };
  if (cuda?.driver) return { ...engine, notice: withoutGpu(cuda.missing) };
  return lacking.length > 0 ? { ...engine, notice: ofEarlierVersion(lacking) } : engine;
}

function readyCuda(folder: string, addon: PreloadAddon): Promise<CudaLoaded> {
  setCudaEnvironment();
  return loadCuda(folder, addon);
}

function ofEarlierVersion(lacking: readonly string[]): string {
  return `the tensorflow engine was set up by an earlier version of kn, and is slower than it can be (it lacks ${lacking.join(', ')}): kn setup tensorflow renews it`;
}

function withoutGpu(missing: readonly string[]): string {
  const why =
    missing.length > 0 ? missing.join('; ') : 'its driver may be too old; nvidia-smi says which it is';
  return `the tensorflow engine is made for CUDA and computes on the CPU, since libtensorflow sees no GPU (${why})`;
}

function quietly<T>(stderr: StderrAddon, load: () => T): T {
  stderr.mute();
  try {
    return load();
  } finally {
    stderr.unmute();
  }
}

/** @returns its version */
function loadPackage(): string {
  const require = createRequire(import.meta.url);
  if (!isPackageThere()) {
    throw new EngineAbsent(
      'the tensorflow engine is not set up',
      'Run kn setup tensorflow, or leave --engine out.',
    );
  }
  const { version } = loadingTfjsNode((): { version: Record<string, string> } => require(TFJS_NODE));
  return `tfjs-node ${version['tfjs-node'] ?? ''}`.trim();
}
