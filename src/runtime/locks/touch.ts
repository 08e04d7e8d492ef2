/**
 * What a holder does every few seconds to show that it lives: it writes its lock's bytes over themselves. The file system's own
 * clock stamps that (on NFS the server's), and the content stays what its successors sign for.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  futimesSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { systemErrorCode } from '../../errors.js';

/** A lock that this process took. Plain data: it travels to a thread. */
export interface HeldLock {
  readonly path: string;
  /** What is in its file as long as it is ours. */
  readonly text: string;
  /** Two times in milliseconds: when it was last seen to be ours, and when it was first seen not to be; 0 for never. */
  readonly times: BigInt64Array<SharedArrayBuffer>;
}

const [TOUCHED, LOST] = [0, 1];

export function heldLock(path: string, text: string, taken: number): HeldLock {
  const times = new BigInt64Array(new SharedArrayBuffer(16));
  times[TOUCHED] = BigInt(taken);
  return { path, text, times };
}

/** When the lock was last seen to be ours. */
export const touchedAt = ({ times }: HeldLock) => Number(Atomics.load(times, TOUCHED));

/** When it was first seen to be another's, or gone; 0 for never. */
export const lostAt = ({ times }: HeldLock) => Number(Atomics.load(times, LOST));

/**
 * Touches a lock, or notes that it is ours no more. Nothing in it waits for the event loop.
 * @throws a system error where that cannot be told
 */
export function touch(held: HeldLock): void {
  if (lostAt(held) !== 0) return;
  // From before it, since it may take long.
  const now = BigInt(Date.now());
  Atomics.store(held.times, touchFile(held) ? TOUCHED : LOST, now);
}

/** What a lock file says; undefined where there is none. */
export function readLockSync(path: string): string | undefined {
  return withFile(path, constants.O_RDONLY, file => textOf(file, LONGEST));
}

/** Takes a lock away that is still ours, and says nothing where that cannot be done. */
export function takeAway({ path, text }: HeldLock): void {
  try {
    if (readLockSync(path) === text) unlinkSync(path);
  } catch {
    // It will be known as that of a process that is gone.
  }
}

/** @returns whether it is still ours */
function touchFile({ path, text }: HeldLock): boolean {
  const bytes = Buffer.from(text);
  const isOurs = withFile(path, constants.O_RDWR, file => {
    if (textOf(file, bytes.length + 1) !== text) return false;
    try {
      writeSync(file, bytes, 0, bytes.length, 0);
      fsyncSync(file);
    } catch (error) {
      // Some file systems need room for that too.
      if (!['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '')) throw error;
      futimesSync(file, new Date(), new Date());
    }
    return true;
  });
  return isOurs ?? false;
}

/** Far more than a lock takes. In bytes. */
const LONGEST = 2 ** 16;

/** @returns undefined where no plain file is there */
function withFile<T>(path: string, mode: number, use: (file: number) => T): T | undefined {
  let file: number;
  try {
    file = openSync(path, mode | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'EISDIR', 'ENXIO'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
  try {
    return fstatSync(file).isFile() ? use(file) : undefined;
  } finally {
    closeSync(file);
  }
}

function textOf(file: number, most: number): string {
  const bytes = Buffer.alloc(most);
  let length = 0;
  for (let read = -1; read !== 0 && length < most; length += read)
    read = readSync(file, bytes, length, most - length, length);
  return bytes.toString('utf8', 0, length);
}
