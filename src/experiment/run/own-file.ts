import { lstat } from 'node:fs/promises';
import { systemErrorCode, UserError } from '../../errors.js';

/**
 * The files that a run keeps open or goes on from are plain ones. A link may lead out of the folder, to somebody's file that
 * would be cut; a pipe keeps whoever opens it waiting for ever.
 * @throws UserError where something else lies at `path`; a system error where that cannot be told
 */
export async function checkOwnFile(path: string): Promise<void> {
  const found = await lstat(path).catch(error => {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  });
  if (!found || found.isFile()) return;
  const kind = found.isSymbolicLink() ? 'a link' : found.isDirectory() ? 'a folder' : 'a pipe or a device';
  throw new UserError(
    `${path}: it is ${kind}, and not a file that a run of kn wrote`,
    'Take it away, or name another folder with --results.',
  );
}
