/** The `tensorflow` engine: tfjs-node's backend on the libtensorflow that `kn setup tensorflow` installed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { systemErrorCode } from '../../errors.js';
import type { Engine } from '../engine.js';
import { EngineAbsent } from './absent.js';
import {
  ADDON,
  findInstalledTensorflow,
  HOST_TFJS,
  type InstalledTensorflow,
  KERNELS_ADDON,
  STDERR_ADDON,
  TFJS_NODE,
} from './installed-tensorflow.js';
import { type OperationRunner, registerFusedKernels } from './tensorflow-kernels.js';

/** What is used of tfjs-node, which is loaded from the user's data folder and so has no types here. */
interface TfjsNodeBackend {
  readonly NodeJSKernelBackend: new (
    addon: unknown,
    packageName: string,
  ) => tf.KernelBackend & OperationRunner;
}

interface TensorflowAddon {
  readonly TF_Version: string;
}

/** native/stderr.cc */
interface StderrAddon {
  mute(): void;
  unmute(): void;
}

/**
 * Starts it from the user's data folder, or from the package where a user has installed that beside this one.
 * @throws UserError where it is in neither place; another error where it does not load
 */
export async function startTensorflow(): Promise<Engine> {
  version ??= load();
  const loaded = await version;
  if (!(await tf.setBackend('tensorflow'))) throw new Error('tfjs-node did not start');
  await tf.ready();
  return { name: 'tensorflow', version: loaded };
}

/** Of what this process has loaded: once, as a library cannot be loaded again. */
let version: Promise<string> | undefined;

async function load(): Promise<string> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const installed = await findInstalledTensorflow();
  return installed ? loadInstalled(installed) : loadPackage();
}

function loadInstalled({ folder, manifest }: InstalledTensorflow): string {
  const require = createRequire(join(folder, 'package.json'));
  // Its kernels must join the registry of this process's tfjs-core, and not of a second copy.
  Object.assign(globalThis, { [HOST_TFJS]: tf });
  require(`${TFJS_NODE}/dist/register_all_kernels`);
  const { NodeJSKernelBackend }: TfjsNodeBackend = require(`${TFJS_NODE}/dist/nodejs_kernel_backend`);
  const stderr: StderrAddon = require(join(folder, STDERR_ADDON));
  const addon: TensorflowAddon = quietly(stderr, () => require(join(folder, ADDON)));
  const backend = new NodeJSKernelBackend(addon, TFJS_NODE);
  tf.registerBackend('tensorflow', () => backend);
  require(join(folder, KERNELS_ADDON));
  registerFusedKernels(backend);
  return `tensorflow ${addon.TF_Version}, tfjs-node ${manifest.tfjsNode}`;
}

function quietly<T>(stderr: StderrAddon, load: () => T): T {
  stderr.mute();
  try {
    return load();
  } finally {
    stderr.unmute();
  }
}

async function loadPackage(): Promise<string> {
  try {
    const { version }: { version: Record<string, string> } = await import(TFJS_NODE);
    return `tfjs-node ${version['tfjs-node'] ?? ''}`.trim();
  } catch (error) {
    if (systemErrorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new EngineAbsent(
      'the tensorflow engine is not set up',
      'Run kn setup tensorflow, or leave --engine out.',
      { cause: error },
    );
  }
}
