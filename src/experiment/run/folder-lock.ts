import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { type LockHolder, lockHolder, type ProcessLock, takeLock } from '../../runtime/process-lock.js';
import { checkOwnFile } from './own-file.js';

/**
 * One run at a time on a results folder.
 * @throws UserError where another process is at work there
 */
export async function lockFolder(folder: string): Promise<ProcessLock> {
  const path = join(folder, 'lock');
  await checkOwnFile(path);
  const taken = await takeLock(path);
  if ('lock' in taken) return taken.lock;
  throw heldBy(taken.holder, folder, path);
}

/**
 * The same without locking it.
 * @throws UserError where another process is at work there
 */
export async function checkUnlocked(folder: string): Promise<void> {
  const path = join(folder, 'lock');
  await checkOwnFile(path);
  const holder = await lockHolder(path);
  if (holder) throw heldBy(holder, folder, path);
}

function heldBy({ pid, host, since }: LockHolder, folder: string, path: string): UserError {
  const elsewhere = host !== hostname();
  return new UserError(
    `${folder}: a run is at work there (process ${pid}${elsewhere ? ` on ${host}` : ''}, since ${since})`,
    elsewhere
      ? `If that run is dead, delete ${path}; else wait, or name another folder with --results.`
      : 'Wait for it to end, or name another folder with --results.',
  );
}
