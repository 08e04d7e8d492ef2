/** Which files the benchmark can load: every import is followed from where its processes begin. */
import { build } from 'esbuild';

/** The files that a process starts with. */
const ENTRIES = [
  'scripts/gpu-bench/main.ts',
  'scripts/gpu-bench/worker-child.ts',
  'src/setup/probe-child.ts',
  'src/runtime/engines/webgpu-adapters-child.ts',
];

export interface LoadedFiles {
  /** TypeScript of scripts/. */
  readonly scripts: readonly string[];
  /** TypeScript of src/. */
  readonly sources: readonly string[];
  /** JavaScript of node_modules/. */
  readonly modules: readonly string[];
}

/** @param root of the project; all paths are relative to it */
export async function filesLoaded(root: string): Promise<LoadedFiles> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    bundle: true,
    write: false,
    outdir: 'unwritten',
    metafile: true,
    platform: 'node', // takes of each package what Node would
    format: 'esm',
    logLevel: 'error',
  });
  const within = (folder: string) => Object.keys(metafile.inputs).filter(path => path.startsWith(folder));
  return { scripts: within('scripts/'), sources: within('src/'), modules: within('node_modules/') };
}

/** The folders of the packages that files belong to: of node_modules/a/node_modules/@b/c/d.js, node_modules/a/node_modules/@b/c. */
export function packagesOf(modules: readonly string[]): string[] {
  const folders = modules.map(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
  return [...new Set(folders)].sort();
}
