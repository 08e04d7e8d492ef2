/** Lays out what goes into the archive, in a folder. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { transform } from 'esbuild';
import { UserError } from '../../src/errors.js';
import { DRIVER_LIBRARIES } from './machine.js';
import { isPacked, notInstalled, productionPackages, publishedPaths, scriptsLoaded } from './packed-files.js';

/** Without it there is nothing to measure; optional for whoever installs the project. */
const DAWN = 'node_modules/webgpu/dist/linux-x64/dawn.node';

const LIBRARY_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/lib/x86_64-linux-gnu', '/usr/lib64', '/lib64'];

/** Lent to machines without them (drivers.ts), each in a folder of its own: Vulkan's loader, and what NVIDIA's driver is linked with. */
const LENT = [
  'libvulkan.so.1',
  'libX11.so.6',
  'libXext.so.6',
  'libxcb.so.1',
  'libXau.so.6',
  'libXdmcp.so.6',
  'libbsd.so.0',
  'libmd.so.0',
];

/** Lent together (launcher.sh). */
const LENT_CXX = ['libstdc++.so.6', 'libgcc_s.so.1'];

/** The commands of the archive: one launcher, which goes by its own name. */
export const COMMANDS = ['gpu-bench', 'kn'] as const;

/**
 * @param root of the project, built
 * @param folder to be filled
 * @returns names of the libraries that this machine could not give along
 */
export async function stage(root: string, folder: string): Promise<string[]> {
  const app = join(folder, 'app');
  const put = (path: string) => copy(join(root, path), join(app, path));
  for (const path of publishedPaths(root)) put(path);
  const packages = productionPackages(root);
  for (const path of packages) copyPackage(join(root, path), join(app, path));
  if (!existsSync(join(app, DAWN))) throw notInstalled(join(root, DAWN));
  for (const path of await scriptsLoaded(root))
    await putScript(join(root, path), join(app, path.replace(/\.ts$/, '.js')));
  for (const name of ['LICENSE', 'scripts/gpu-bench/README.txt'])
    copy(join(root, name), join(folder, name.replace(/^.*\//, '')));
  for (const name of COMMANDS) {
    copy(join(root, 'scripts/gpu-bench/launcher.sh'), join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
  putNode(join(folder, 'bin/node'));
  putManifests(join(folder, 'lib/icd.d'));
  return putLibraries(folder);
}

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

/** Without the packages inside, of which some serve development alone. */
function copyPackage(from: string, to: string): void {
  copy(from, to, path => !path.startsWith('node_modules'));
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

/** Of a driver that lies where the linker finds it, for machines that have it without its manifest. */
function putManifests(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const library of DRIVER_LIBRARIES) {
    const manifest = { file_format_version: '1.0.0', ICD: { library_path: library, api_version: '1.3.0' } };
    writeFileSync(join(folder, `${library}.json`), JSON.stringify(manifest));
  }
}

function putLibraries(folder: string): string[] {
  const wanted = [
    ...LENT.map(name => ({ name, to: join('lib', name, name) })),
    ...LENT_CXX.map(name => ({ name, to: join('lib/c++', name) })),
  ];
  const missing: string[] = [];
  for (const { name, to } of wanted) {
    const from = LIBRARY_FOLDERS.map(folder => join(folder, name)).find(existsSync);
    if (from) copy(realpathSync(from), join(folder, to));
    else missing.push(name);
  }
  return missing;
}

/** @param wants whether a path below `from` is wanted, beside what {@link isPacked} leaves out */
function copy(from: string, to: string, wants: (path: string) => boolean = () => true): void {
  if (!existsSync(from)) throw notInstalled(from);
  mkdirSync(dirname(to), { recursive: true });
  const filter = (source: string) => {
    const path = relative(from, source);
    return wants(path) && isPacked(statSync(source).isDirectory() ? `${path}/` : path);
  };
  cpSync(from, to, { recursive: true, filter });
}
