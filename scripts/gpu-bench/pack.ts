/** npm run gpu-bench:pack [-- FILE]: makes the archive that measures a GPU; gpu-bench.tar.gz unless FILE names it. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../src/errors.js';
import { packArchive } from './archive.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

try {
  const [file = 'gpu-bench.tar.gz'] = process.argv.slice(2);
  const { bytes, missing } = await packArchive(ROOT, resolve(file));
  console.log(`${file}: ${(bytes / 2 ** 20).toFixed(1)} MiB`);
  if (missing.length > 0) {
    console.log(`Without ${missing.join(', ')}, which are not here: the machine to measure must have them.`);
  }
  console.log(`There: tar -xzf ${file} && gpu-bench/gpu-bench`);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(`gpu-bench:pack: ${error.message}\n${error.remedy}`);
  process.exitCode = 1;
}
