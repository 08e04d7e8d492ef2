import { UserError } from '../errors.js';
import { glibcVersion } from './wheel-name.js';

/**
 * @returns the version of glibc
 * @throws UserError where this system has no libtensorflow
 */
export function checkPlatform(cuda: boolean): string {
  const { platform, arch } = process;
  const remedy = 'kn runs here on the wasm engine, which needs no setup.';
  if (platform !== 'linux')
    throw new UserError(`kn setup knows Linux, and this is ${platform} ${arch}`, remedy);
  const glibc = glibcVersion();
  if (glibc === undefined) throw new UserError('libtensorflow needs glibc, and this system has none', remedy);
  if (cuda && arch !== 'x64') {
    throw new UserError(
      `--cuda is for Linux x64, and this is ${platform} ${arch}`,
      'Leave --cuda out, and give a wheel for this machine with --from PATH (pip download --no-deps tensorflow).',
    );
  }
  return glibc;
}
