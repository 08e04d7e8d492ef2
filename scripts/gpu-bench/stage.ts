/** Lays out what goes into the archive, in a folder. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';
import { UserError } from '../../src/errors.js';
import { filesLoaded, packagesOf } from './packed-files.js';

/** What is loaded and never imported: Dawn by a path that it makes up, wasm by the engine, the demo model as data, flags of children. */
const NOT_IMPORTED = [
  'node_modules/webgpu/dist/linux-x64/dawn.node',
  'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm',
  'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
  'bin/ignore-user-signals.js',
  'data/demo-model',
  'package.json',
];

const LIBRARY_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/lib/x86_64-linux-gnu', '/usr/lib64', '/lib64'];

/** Lent to machines without them (drivers.ts, launcher.sh): Vulkan's loader, and what NVIDIA's driver is linked with. */
const LENT = {
  lib: [
    'libvulkan.so.1',
    'libX11.so.6',
    'libXext.so.6',
    'libxcb.so.1',
    'libXau.so.6',
    'libXdmcp.so.6',
    'libbsd.so.0',
    'libmd.so.0',
  ],
  'lib/c++': ['libstdc++.so.6', 'libgcc_s.so.1'],
};

/**
 * @param root of the project, built
 * @param folder to be filled
 * @returns names of the libraries that this machine could not give along
 */
export async function stage(root: string, folder: string): Promise<string[]> {
  const app = join(folder, 'app');
  const { scripts, sources, modules } = await filesLoaded(root);
  const put = (path: string) => copy(join(root, path), join(app, path));
  for (const path of scripts) await putScript(join(root, path), join(app, javaScript(path)));
  for (const path of sources) put(javaScript(path).replace(/^src/, 'dist'));
  for (const path of [...modules, ...packagesOf(modules).flatMap(name => papersOf(root, name))]) put(path);
  for (const path of NOT_IMPORTED) put(path);
  copy(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  copy(join(root, 'scripts/gpu-bench/README.txt'), join(folder, 'README.txt'));
  copy(join(root, 'scripts/gpu-bench/launcher.sh'), join(folder, 'gpu-bench'));
  chmodSync(join(folder, 'gpu-bench'), 0o755);
  putNode(join(folder, 'bin/node'));
  return putLibraries(folder);
}

const javaScript = (path: string) => path.replace(/\.ts$/, '.js');

/** Without types, and beside dist/ instead of src/. */
async function putScript(from: string, to: string): Promise<void> {
  const { code } = await transform(readFileSync(from, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
  });
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, code.replaceAll('../../src/', '../../dist/'));
}

/** What says which package this is, and under what licence. */
function papersOf(root: string, name: string): string[] {
  const papers = readdirSync(join(root, name)).filter(file =>
    /^(package\.json|(licen[cs]e|notice)\b.*)$/i.test(file),
  );
  return papers.map(file => join(name, file));
}

/** The Node that runs this, without the symbols that only a debugger reads: 4 MB less in the archive. */
function putNode(to: string): void {
  const shared = Object.entries(process.config.variables).find(
    ([name, value]) => name.startsWith('node_shared') && (value === true || value === 'true'),
  );
  if (shared) {
    throw new UserError(
      `${process.execPath}: this Node needs libraries beside it (${shared[0]}), which the archive would lack`,
      "Pack with nodejs.org's, or NodeSource's.",
    );
  }
  copy(process.execPath, to);
  const { status } = spawnSync('strip', [to]);
  if (status !== 0) copy(process.execPath, to); // no strip here, or it left half a file
  chmodSync(to, 0o755);
  execFileSync(to, ['--version']);
}

function putLibraries(folder: string): string[] {
  const missing: string[] = [];
  for (const [place, names] of Object.entries(LENT)) {
    for (const name of names) {
      const from = LIBRARY_FOLDERS.map(folder => join(folder, name)).find(existsSync);
      if (from) copy(realpathSync(from), join(folder, place, name));
      else missing.push(name);
    }
  }
  return missing;
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (existsSync(from)) cpSync(from, to, { recursive: true });
  else
    throw new UserError(
      `${from}: not there`,
      'Run npm ci with its optional dependencies, and npm run build.',
    );
}
