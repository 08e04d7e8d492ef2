/**
 * What the archive takes along: the project as npm would install it, and the scripts of the benchmark. The packages are those that
 * package-lock.json gives to whoever does not develop, so that a dependency more is packed without a word here.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { z } from 'zod';
import { UserError } from '../../src/errors.js';

/** The files that the benchmark's processes start with. */
const ENTRIES = ['main.ts', 'worker-child.ts', 'lend.ts'].map(name => `scripts/gpu-bench/${name}`);

const manifestSchema = z.object({ files: z.array(z.string()) });

const lockSchema = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({
      /** It serves development alone. */
      dev: z.boolean().default(false),
      optional: z.boolean().default(false),
    }),
  ),
});

/** What Node never opens, by which two thirds of the packages go. */
const LEFT_OUT = [
  /\.d\.[cm]?ts$|\.[cm]?ts$|\.map$|\.tsbuildinfo$/, // types, sources, and the way back to them
  /^dist\/tf-.*\.(min|es2017|fesm)\.js$|^dist\/miniprogram\//, // of TensorFlow.js, bundles for browsers
  /^wasm-out\//, // once more what is in dist/
  /-schema\.json$|\.html$|\.css$|\.png$/,
  /\/(darwin|win32|linux)-[a-z0-9]+\/(?<!\/linux-x64\/)/, // binaries for other platforms
];

/** Whether a file of a package is packed, or a folder, whose path ends with a slash. */
export function isPacked(path: string): boolean {
  return !LEFT_OUT.some(pattern => pattern.test(path));
}

/** What npm publishes of the project, of which `dist` is built: paths of files and folders. */
export function publishedPaths(root: string): string[] {
  const { files } = manifestSchema.parse(readJson(join(root, 'package.json')));
  return ['package.json', 'LICENSE', 'README.md', ...files];
}

/**
 * The folders of the packages that `kn` has where it is installed, those in folders of others too.
 * @throws UserError where one is not installed
 */
export function productionPackages(root: string): string[] {
  const { packages } = lockSchema.parse(readJson(join(root, 'package-lock.json')));
  const asked = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  const isThere = (path: string) => existsSync(join(root, path, 'package.json'));
  const missing = asked.find(([path, { optional }]) => !optional && !isThere(path));
  if (missing) throw notInstalled(missing[0]);
  return asked.map(([path]) => path).filter(isThere);
}

/** For the engine that is measured, optional or not. */
export function notInstalled(path: string): UserError {
  return new UserError(`${path}: not there`, 'Run npm ci with its optional dependencies, and npm run build.');
}

/** The TypeScript of scripts/ that the benchmark loads: paths below `root`. */
export async function scriptsLoaded(root: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    bundle: true,
    packages: 'external',
    write: false,
    outdir: 'unwritten',
    metafile: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  return Object.keys(metafile.inputs).filter(path => path.startsWith('scripts/'));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
