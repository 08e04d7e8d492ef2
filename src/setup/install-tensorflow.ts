/**
 * `kn setup tensorflow`: makes the `tensorflow` engine in a folder beside its place, proves it, and moves it there.
 *
 * libtensorflow and tfjs-node's JavaScript are fetched (`obtain.ts`, versions and hashes in `sources.ts`), what is needed of them is
 * unpacked (`unpack.ts`), and tfjs-node's addon and our own are compiled (`compile-addons.ts`; they speak Node-API, so that a compiler
 * and 14 headers do). The whole is proved against the wasm engine (`prove.ts`). With CUDA a GPU is asked for first (`gpu.ts`), and
 * the wheels that TensorFlow's METADATA names are added (`requirements.ts`), through pip (`pip.ts`) or the index
 * (`wheel-index.ts`), each noted and kept (`cuda-wheels.ts`, `unpack-cuda.ts`). tfjs-node is no dependency of the package, so
 * that `npm ci` fetches nothing but the registry's packages, whichever npm runs it.
 */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Interrupted, refusedFile, systemErrorCode, UserError } from '../errors.js';
import { never, unlessAborted } from '../library/unless-aborted.js';
import {
  HOST_TFJS,
  type InstalledTensorflow,
  manifestOf,
  TFJS_NODE,
  tensorflowFolder,
} from '../runtime/engines/installed-tensorflow.js';
import { enginesFolder } from '../runtime/folders.js';
import { holderText } from '../runtime/locks/holder.js';
import { type ProcessLock, takeLock } from '../runtime/locks/process-lock.js';
import { digestOf } from './checksum.js';
import { endChildren } from './children.js';
import { compileAddons, findCompiler } from './compile-addons.js';
import { obtainCudaWheels } from './cuda-wheels.js';
import { downloadsFolder } from './downloads-folder.js';
import { folderSize } from './folder-size.js';
import { findGpu } from './gpu.js';
import { obtainGoogle, obtainPackage, obtainWheel, type SetupReporter } from './obtain.js';
import { checkPlatform } from './platform.js';
import { type Proof, proveTensorflow } from './prove.js';
import { cudaRequirementsOf } from './requirements.js';
import { checkRoom } from './room.js';
import {
  CUDA_BYTES,
  PROTOBUF_PACKAGE,
  TENSORFLOW_CUDA_WHEEL,
  TENSORFLOW_WHEEL,
  TFJS_NODE_PACKAGE,
} from './sources.js';
import { unpackPackage, unpackTensorflow } from './unpack.js';
import { unpackCuda } from './unpack-cuda.js';

const STAGING = /^tensorflow\.(new|old|gone)-/;

export interface Setup {
  readonly installed: InstalledTensorflow;
  readonly proof: Proof;
}

/** Which build of libtensorflow is wanted. */
export interface Build {
  /** `pypi`, `google`, or the path of a wheel, a tarball or a folder; with `cuda`, `pypi` or a wheel. */
  readonly from: string;
  readonly cuda: boolean;
  /** Make a build for CUDA on a machine without a GPU too. */
  readonly force: boolean;
}

/**
 * @throws UserError where a part cannot be had or does not work, Interrupted where the signal was aborted; the machine then is
 *   as it was, but for downloads
 */
export async function installTensorflow(
  build: Build,
  reporter: SetupReporter,
  signal: AbortSignal = never(),
): Promise<Setup> {
  const glibc = checkPlatform(build.cuda);
  const device = build.cuda ? await endingChildren(() => cudaDevice(build, reporter), signal) : 'cpu';
  return alone(reporter.step, signal, async lock => {
    const staging = join(enginesFolder(), `tensorflow.new-${process.pid}`);
    // As deep in it as an engine's folder is in the data folder, so that the proof can start it from there.
    const folder = join(staging, 'engines', 'tensorflow');
    try {
      const { manifest, proof } = await endingChildren(async () => {
        await mkdir(folder, { recursive: true });
        const manifest = await assemble(build, glibc, folder, reporter);
        reporter.step('Proving it against the wasm engine');
        return { manifest, proof: await proveTensorflow(staging, device) };
      }, signal);
      checkHeld(lock);
      await replace(folder);
      return { installed: { folder: tensorflowFolder(), manifest }, proof };
    } finally {
      // What was about to be written may still come after what went wrong.
      await rm(staging, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}

/** Does work until the signal is aborted, and ends the programs that it runs then. */
async function endingChildren<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  let begun: Promise<T> | undefined;
  const begin = () => {
    begun = work();
    return begun;
  };
  try {
    return await unlessAborted(begin, signal, 'Interrupted. Nothing was installed; downloads are kept.');
  } catch (error) {
    if (error instanceof Interrupted && begun) await endChildren(begun);
    throw error;
  }
}

/**
 * @param notice is told where a setup that may be dead has to be watched first
 * @returns whether there was anything to remove
 */
export function removeTensorflow(
  notice: (text: string) => void,
  signal: AbortSignal = never(),
): Promise<boolean> {
  return alone(notice, signal, async () => {
    // Gone at once, and never by half: what is left of it is swept away by whoever comes next.
    const gone = join(enginesFolder(), `tensorflow.gone-${process.pid}`);
    const there = await renameIfThere(tensorflowFolder(), gone);
    await rm(gone, { recursive: true, force: true });
    return there;
  });
}

/** What a build for CUDA is proved on. A missing GPU is better said before 3 GB are fetched than after. */
async function cudaDevice({ force }: Build, reporter: SetupReporter): Promise<'cpu' | 'gpu'> {
  try {
    reporter.step(`For ${await findGpu()}`);
    return 'gpu';
  } catch (error) {
    if (!force || !(error instanceof UserError)) throw error;
    reporter.step(`To be proved on the CPU alone: ${error.message}`);
    return 'cpu';
  }
}

/** Makes the folder that installed-tensorflow.ts describes. */
async function assemble(build: Build, glibc: string, folder: string, reporter: SetupReporter) {
  const { from, cuda } = build;
  // What is missing is better said before 274 MB are fetched than after.
  const compiler = await findCompiler();
  const source = await obtainTensorflow(build, reporter);
  const cudaWheels = cuda ? await obtainCudaWheels(await cudaRequirementsOf(source), glibc, reporter) : [];
  reporter.step(`Unpacking ${source}`);
  await unpackTensorflow(source, folder);
  if (cuda) reporter.step("Unpacking CUDA's libraries");
  await unpackCuda(cudaWheels, folder);
  const modules = join(folder, 'node_modules');
  for (const part of [TFJS_NODE_PACKAGE, PROTOBUF_PACKAGE])
    await unpackPackage(await obtainPackage(part, reporter), join(modules, part.name));
  for (const name of ['@tensorflow/tfjs', '@tensorflow/tfjs-core']) {
    await mkdir(join(modules, name), { recursive: true });
    await writeFile(join(modules, name, 'index.js'), `module.exports = globalThis.${HOST_TFJS};\n`);
  }
  reporter.step('Compiling the addons');
  const lib = join(folder, 'lib');
  await compileAddons(compiler, {
    binding: join(modules, TFJS_NODE, 'binding'),
    include: join(folder, 'include'),
    libraries: (await readdir(lib)).map(name => join(lib, name)),
    folder,
  });
  await rm(join(folder, 'include'), { recursive: true });
  const manifest = manifestOf({
    tfjsNode: TFJS_NODE_PACKAGE.version,
    from,
    sha256: /\.\w+$/.test(source) ? await digestOf(source, { algorithm: 'sha256', encoding: 'hex' }) : null,
    cuda,
    cudaWheels: cudaWheels.map(path => basename(path)),
    compiler: compiler.version,
    installed: new Date().toISOString(),
  });
  await writeFile(join(folder, 'engine.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

async function obtainTensorflow({ from, cuda }: Build, reporter: SetupReporter): Promise<string> {
  if (from === 'pypi') {
    if (cuda) await checkRoomForCuda();
    if (process.arch === 'x64') return obtainWheel(cuda ? TENSORFLOW_CUDA_WHEEL : TENSORFLOW_WHEEL, reporter);
    throw new UserError(
      `no wheel is pinned for ${process.platform} ${process.arch}`,
      'Give one with --from PATH (pip download --no-deps tensorflow).',
    );
  }
  return from === 'google' ? obtainGoogle(reporter) : from;
}

/** Roughly: what is exact is known when most of it is fetched already. */
async function checkRoomForCuda(): Promise<void> {
  const folder = downloadsFolder();
  const fetched = await folderSize(folder);
  const bytes = Math.max(0, TENSORFLOW_CUDA_WHEEL.bytes + CUDA_BYTES.wheels - fetched);
  await checkRoom({ folder, bytes }, { folder: enginesFolder(), bytes: CUDA_BYTES.unpacked });
}

/** Puts the new engine in its place. The old one, if any, is gone only when the new one is there. */
async function replace(folder: string): Promise<void> {
  const place = tensorflowFolder();
  const old = join(enginesFolder(), `tensorflow.old-${process.pid}`);
  await renameIfThere(place, old);
  await rename(folder, place);
  await rm(old, { recursive: true, force: true });
}

/** @returns whether it was there */
function renameIfThere(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    error => {
      if (systemErrorCode(error) === 'ENOENT') return false;
      throw error;
    },
  );
}

/** What a setup that was killed left behind. Of one that was about to put the new engine into its place, the old one goes back. */
async function sweep(folder: string): Promise<void> {
  const names = await readdir(folder);
  const old = names.find(name => name.startsWith('tensorflow.old-'));
  if (old !== undefined && !names.includes(basename(tensorflowFolder())))
    await rename(join(folder, old), tensorflowFolder());
  for (const name of await readdir(folder)) {
    if (STAGING.test(name)) await rm(join(folder, name), { recursive: true });
  }
}

/** One setup at a time; what one that was killed left behind is swept away first. */
async function alone<T>(
  notice: (text: string) => void,
  signal: AbortSignal,
  work: (lock: ProcessLock) => Promise<T>,
): Promise<T> {
  const folder = enginesFolder();
  try {
    await mkdir(folder, { recursive: true });
    const taken = await takeLock(join(folder, 'lock'), {
      signal,
      onWatch: (holder, seconds) => {
        const who = holder ? `locked by a kn setup (${holderText(holder)})` : 'its lock is damaged';
        notice(`${folder}: ${who}: waiting up to ${seconds} s to see whether it lives`);
      },
    }).catch(error => {
      throw signal.aborted ? new Interrupted('Interrupted. Nothing was changed.') : error;
    });
    if ('holder' in taken) {
      const { holder } = taken;
      throw new UserError(
        `${folder}: another kn setup is at work there (${holderText(holder)}, since ${holder.since})`,
        'Wait for it to end.',
      );
    }
    try {
      await sweep(folder);
      return await work(taken.lock);
    } finally {
      await taken.lock.release();
    }
  } catch (error) {
    if (error instanceof UserError || systemErrorCode(error) === undefined) throw error;
    throw refusedFile(folder, 'written', error, 'Make room there, or name another folder with KN_DATA.');
  }
}

/** @throws UserError where another setup has begun meanwhile */
function checkHeld(lock: ProcessLock): void {
  const lost = lock.lost();
  if (!lost) return;
  const who = lost.holder ? `another kn setup (${holderText(lost.holder)})` : 'another kn setup, perhaps,';
  throw new UserError(
    `${enginesFolder()}: ${who} took it over while this one stood still for ${lost.seconds} s`,
    'Nothing was changed. Run the same command again when no other is at work.',
  );
}
