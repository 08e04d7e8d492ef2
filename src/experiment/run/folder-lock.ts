import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { holderText, type LockHolder } from '../../runtime/locks/holder.js';
import { lockHolder, type TakeOptions, takeLock } from '../../runtime/locks/process-lock.js';
import { checkOwnFile } from './own-file.js';

/** A results folder in which this process alone is at work. */
export interface HeldFolder {
  readonly path: string;
  /**
   * To be called before anything is written into it. Costs nothing as long as this process is not held up.
   * @throws UserError where another run has taken the folder meanwhile
   */
  assertHeld(): void;
  release(): Promise<void>;
}

export interface HoldOptions extends Pick<TakeOptions, 'signal' | 'times'> {
  /** Told where a run that may be dead has to be watched first. */
  readonly notice?: (text: string) => void;
}

/**
 * One run at a time on a results folder.
 * @throws UserError where another process is at work there, an AbortError on `signal`
 */
export async function lockFolder(
  folder: string,
  { notice, ...options }: HoldOptions = {},
): Promise<HeldFolder> {
  const path = lockOf(folder);
  await checkOwnFile(path);
  const taken = await takeLock(path, {
    ...options,
    onWatch: (holder, seconds) => {
      const who = holder ? `locked by a run (${holderText(holder)})` : 'its lock is damaged';
      notice?.(`${folder}: ${who}: waiting up to ${seconds} s to see whether it lives`);
    },
  });
  if ('holder' in taken) throw heldBy(taken.holder, folder);
  const { lock } = taken;
  return {
    path: folder,
    assertHeld() {
      const lost = lock.lost();
      if (!lost) return;
      const { holder, seconds } = lost;
      throw new UserError(
        holder
          ? `${folder}: another run (${holderText(holder)}) took it over while this one stood still for ${seconds} s`
          : `${folder}: its lock is gone, which another run may have taken over; this one had stood still for ${seconds} s`,
        'What was done is in the journal: the same command goes on from there when no other run is at work there.',
      );
    },
    release: () => lock.release(),
  };
}

/**
 * The same without locking it. Of a run that cannot be asked whether it lives, only locking finds that out.
 * @throws UserError where another process is at work there
 */
export async function checkUnlocked(folder: string): Promise<void> {
  const path = lockOf(folder);
  await checkOwnFile(path);
  const holder = await lockHolder(path);
  if (holder) throw heldBy(holder, folder);
}

const lockOf = (folder: string) => join(folder, 'lock');

function heldBy(holder: LockHolder, folder: string): UserError {
  return new UserError(
    `${folder}: a run is at work there (${holderText(holder)}, since ${holder.since})`,
    'Wait for it to end, or name another folder with --results.',
  );
}
