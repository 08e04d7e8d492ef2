// Builds dist/: `npm run build`, and what `npm ci` runs in a clone. Without TypeScript, a development dependency, it says so;
// `npm ci --omit=dev` then installs the rest all the same, and leaves a dist/ that is there as it is.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');

const compiler = findCompiler();
if (compiler) {
  // A file that was deleted from src/ must not live on in the build.
  rmSync(DIST, { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} else if (!process.argv.includes('--if-possible') || !existsSync(join(DIST, 'cli', 'main.js'))) {
  console.error(
    'kn was not built: TypeScript is a development dependency, and these were left out. Run npm ci --include=dev.',
  );
  // To install is what was asked for; an archive without dist/ would be of no use to anybody.
  process.exitCode = ['ci', 'install'].includes(process.env.npm_command ?? '') ? 0 : 1;
}

function findCompiler() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  } catch {
    return undefined;
  }
}
