/** What can be seen of a lock without taking it: its file, and those in which successors sign. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { systemErrorCode, UserError } from '../../errors.js';
import { openPlainFile } from '../../plain-file.js';
import { otherThanFile } from '../../whole-file.js';
import { type LockHolder, parseHolder } from './holder.js';

/** A lock file, or the one in which a successor has signed. */
export interface Signature {
  readonly text: string;
  /** Where it can be read. */
  readonly holder: LockHolder | undefined;
  /** When it was last touched, in milliseconds, by the file system's clock: another than this machine's, perhaps. */
  readonly touched: number;
  /** The name under which a successor has to sign. */
  readonly successorPath: string;
}

const REMEDY = 'It should be the lock of a running kn: take it away if none runs.';

/** Far more than a lock takes. In bytes. */
const MOST_BYTES = 2 ** 16;

/**
 * The lock file's signature, then its successor's, and so on: more than one only while a process takes over, or
 * where it was killed in doing so.
 * @throws UserError where there is something that cannot be read: whoever waited for it to go would wait for ever
 */
export async function lineOfHolders(path: string): Promise<Signature[]> {
  const line: Signature[] = [];
  for (let next = path; ; ) {
    const seen = await readLock(next);
    if (!seen) return line;
    const digest = createHash('sha256').update(seen.text).digest('hex').slice(0, 32);
    next = `${path}.after-${digest}`;
    line.push({ ...seen, holder: parseHolder(seen.text), successorPath: next });
  }
}

/**
 * Opened anew each time: that is when NFS asks its server.
 * @returns undefined where nothing is there
 * @throws UserError where something is there that cannot be read
 */
export async function readLock(path: string): Promise<Pick<Signature, 'text' | 'touched'> | undefined> {
  let file: FileHandle;
  try {
    file = await openPlainFile(path, REMEDY);
  } catch (error) {
    // A link to nothing is in the way all the same.
    if (error instanceof Error && systemErrorCode(error.cause) === 'ENOENT' && !(await otherThanFile(path)))
      return undefined;
    throw error;
  }
  try {
    const { mtimeMs, size } = await file.stat();
    if (size > MOST_BYTES) throw new UserError(`${path}: larger than any lock`, REMEDY);
    return { text: await file.readFile('utf8'), touched: mtimeMs };
  } finally {
    await file.close();
  }
}
