// Builds dist/: `npm run build`, and what `npm ci` runs in a clone. Without TypeScript, a development dependency, or its compiler, an
// optional package, it says so; npm then installs the rest all the same, and a dist/ that is there stays as it is.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');

const IF_POSSIBLE = process.argv.includes('--if-possible');

const typescript = manifestOf('typescript', import.meta.url);
const leftOut = whatIsLeftOut();
if (!leftOut) {
  // A file that was deleted from src/ must not live on in the build.
  rmSync(DIST, { recursive: true, force: true });
  const compiler = join(dirname(typescript), 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} else if (!IF_POSSIBLE || !existsSync(join(DIST, 'cli', 'main.js'))) {
  console.error(
    `kn was not built: ${leftOut}, and these were left out. Run npm ci --include=dev --include=optional.`,
  );
  // An archive without dist/ would be of no use to anybody. All else that npm prepares goes on: npx too, which would not get over it.
  const isNeeded = !IF_POSSIBLE || ['pack', 'publish'].includes(process.env.npm_command ?? '');
  process.exitCode = isNeeded ? 1 : 0;
}

function whatIsLeftOut() {
  if (!typescript) return 'TypeScript is a development dependency';
  const program = `@typescript/typescript-${process.platform}-${process.arch}`;
  return manifestOf(program, typescript)
    ? undefined
    : `the compiler of TypeScript, ${program}, is an optional package`;
}

/** A package's package.json as the file `from` would find it; undefined where it is not installed. */
function manifestOf(name, from) {
  try {
    return createRequire(from).resolve(`${name}/package.json`);
  } catch {
    return undefined;
  }
}
