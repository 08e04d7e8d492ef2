import { UserError } from '../../errors.js';
import { otherThanFile } from '../../whole-file.js';

/**
 * The files that a run keeps open or goes on from are plain ones. A link may lead out of the folder, to somebody's file that
 * would be cut; a pipe keeps whoever opens it waiting for ever.
 * @throws UserError where something else lies at `path`; a system error where that cannot be told
 */
export async function checkOwnFile(path: string): Promise<void> {
  const other = await otherThanFile(path);
  if (!other) return;
  throw new UserError(
    `${path}: it is ${other}, and not a file that a run of kn wrote`,
    'Take it away, or name another folder with --results.',
  );
}
