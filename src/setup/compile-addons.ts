import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { NATIVE_SOURCES } from '../embedded.js';
import { UserError } from '../errors.js';
import {
  ADDON,
  KERNELS_ADDON,
  PRELOAD_ADDON,
  STDERR_ADDON,
} from '../runtime/engines/installed-tensorflow.js';
import { runTool } from './run-tool.js';

export interface Compiler {
  readonly command: string;
  /** As it calls itself. */
  readonly version: string;
}

export interface AddonParts {
  /** tfjs-node's folder of C++. */
  readonly binding: string;
  /** libtensorflow's C headers. */
  readonly include: string;
  /** Of the libraries, which the addon looks for beside itself in lib/. */
  readonly libraries: readonly string[];
  /** Where the addons go. */
  readonly folder: string;
}

/** Compiles tfjs-node's addon, this project's own kernels, and two small ones of native/ that help to load them. */
export async function compileAddons(
  compiler: Compiler,
  { binding, include, libraries, folder }: AddonParts,
): Promise<void> {
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map(name => join(binding, name));
  await Promise.all([
    compileAddon(compiler, [
      ...['-I', include, ...sources, ...libraries],
      ...['-Wl,-rpath,$ORIGIN/lib', '-o', join(folder, ADDON)],
    ]),
    compileAddon(compiler, [
      ...['-O3', '-fno-math-errno', '-fno-trapping-math'],
      ...['-I', include, join(NATIVE_SOURCES, 'kernels.cc'), ...libraries],
      ...['-Wl,-rpath,$ORIGIN/lib', '-o', join(folder, KERNELS_ADDON)],
    ]),
    compileAddon(compiler, [join(NATIVE_SOURCES, 'stderr.cc'), '-o', join(folder, STDERR_ADDON)]),
    compilePreload(compiler, folder),
  ]);
}

export function compilePreload(compiler: Compiler, folder: string): Promise<void> {
  // dlopen is in a library of its own where glibc is older than 2.34.
  return compileAddon(compiler, [
    join(NATIVE_SOURCES, 'preload.cc'),
    ...['-ldl', '-o', join(folder, PRELOAD_ADDON)],
  ]);
}

/**
 * Compiles an addon. It speaks Node-API alone, whose headers come as a package, so that it needs a C++ compiler, and
 * neither node-gyp, Python nor the headers of this Node.
 * @param args with "-o" and the addon's path among them
 * @throws UserError where the compiler refuses, or the disk is full
 */
export async function compileAddon(compiler: Compiler, args: readonly string[]): Promise<void> {
  const { include_dir: nodeApi }: { include_dir: string } = createRequire(import.meta.url)(
    'node-api-headers',
  );
  const options = ['-O2', '-std=c++17', '-shared', '-fPIC', '-DNAPI_VERSION=8', '-I', nodeApi];
  // What it writes meanwhile goes where the addon goes, on the disk whose room was looked at: TMPDIR may be small, or nowhere.
  const folder = dirname(args[args.indexOf('-o') + 1]);
  const { code, stderr } = await runTool(compiler.command, [...options, ...args], {
    env: { TMPDIR: folder },
  });
  if (code === 0) return;
  if (/No space left on device/.test(stderr)) {
    const remedy = 'Make room there, or name another folder with KN_DATA.';
    throw new UserError(`${folder}: cannot be written (no space left on device)`, remedy);
  }
  const error = stderr.split('\n').find(line => /error/i.test(line)) ?? stderr.split('\n')[0];
  throw new UserError(
    `the addon does not compile with ${compiler.command}: ${error}`,
    'Name another compiler with CXX, or another libtensorflow with --from.',
  );
}

/**
 * CXX, or else the usual ones.
 * @throws UserError where there is none
 */
export async function findCompiler(): Promise<Compiler> {
  const named = process.env.CXX;
  const candidates = named ? [named] : ['g++', 'clang++', 'c++'];
  for (const command of candidates) {
    const { code, stdout } = await runTool(command, ['--version']);
    if (code === 0) return { command, version: stdout.split('\n')[0] ?? command };
  }
  throw new UserError(
    `no C++ compiler: ${candidates.join(', ')} ${candidates.length === 1 ? 'is' : 'are'} not here`,
    'Install one (on Debian and Ubuntu: apt-get install g++), or name one with CXX.',
  );
}
