import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The compiler that tests of native parts need; they are skipped where it is absent. */
export const hasCompiler = spawnSync('g++', ['--version']).status === 0;

/** Compiles a real shared library from C, under the name that others find it by. */
export function compileLibrary(path: string, source: string, options: readonly string[] = []): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.c`, source);
  const name = path.slice(dirname(path).length + 1);
  const args = ['-shared', '-fPIC', `-Wl,-soname,${name}`, '-x', 'c', `${path}.c`, '-x', 'none', ...options];
  execFileSync('g++', [...args, '-o', path], { stdio: 'pipe' });
  return path;
}
