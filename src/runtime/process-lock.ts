/**
 * Locks between processes: a file that names the process which holds it. A lock whose process is gone, killed
 * perhaps, is taken over.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants, copyFile, link, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { systemErrorCode } from '../errors.js';
import { readPlainText } from '../plain-file.js';
import { otherThanFile } from '../whole-file.js';

const holderSchema = z.object({
  pid: z.int(),
  host: z.string(),
  started: z.string(),
  since: z.string(),
  id: z.string().optional(),
});

/** The process that holds a lock. */
export type LockHolder = z.infer<typeof holderSchema>;

export interface ProcessLock {
  release(): Promise<void>;
}

/**
 * Takes the lock at `path`, or says who has it. A process on another host cannot be asked whether it lives, and
 * counts as alive.
 * @throws a system error where the lock file cannot be written
 */
export async function takeLock(path: string): Promise<{ lock: ProcessLock } | { holder: LockHolder }> {
  const own = `${path}.${randomUUID()}`;
  const self: LockHolder = {
    pid: process.pid,
    host: hostname(),
    started: (await startOf(process.pid)) ?? '',
    since: new Date().toISOString(),
    id: randomUUID(),
  };
  await writeFile(own, JSON.stringify(self));
  try {
    // A hard link appears whole or not at all, and fails where the name is taken: on NFS too.
    while (!(await linkIfFree(own, path))) {
      const line = await lineOfHolders(path);
      const last = line.at(-1);
      if (last === undefined) continue;
      if (last.holder && (await isAlive(last.holder))) return { holder: last.holder };
      if (await succeed(own, path, line)) break;
    }
    return { lock: { release: () => release(path, self) } };
  } finally {
    await unlink(own).catch(() => undefined);
  }
}

/** The live process that holds the lock at `path`, as far as can be seen without taking it. */
export async function lockHolder(path: string): Promise<LockHolder | undefined> {
  const holder = (await lineOfHolders(path)).at(-1)?.holder;
  return holder && (await isAlive(holder)) ? holder : undefined;
}

/** What a lock file says: the holder, where it can be read, and the name under which a successor has to sign. */
interface Signature {
  text: string;
  holder: LockHolder | undefined;
  successorPath: string;
}

/**
 * The lock file's signature, then its successor's, and so on: more than one only while a process takes over, or
 * where it was killed in doing so.
 */
async function lineOfHolders(path: string): Promise<Signature[]> {
  const line: Signature[] = [];
  for (let next = path; ; ) {
    const text = await readIfThere(next);
    if (text === undefined) return line;
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
    next = `${path}.after-${digest}`;
    line.push({ text, holder: parseHolder(text), successorPath: next });
  }
}

/**
 * Takes over from the last of a line whose processes are all gone. To sign as its successor is to create a file
 * that only one process can create; that one alone may then replace the lock file. A slow process may sign after
 * a faster one has replaced it and swept up: it finds another first in line, and withdraws.
 */
async function succeed(own: string, path: string, line: Signature[]): Promise<boolean> {
  const [first, last] = [line[0], line.at(-1)];
  if (!first || !last || !(await linkIfFree(own, last.successorPath))) return false;
  const now = await readIfThere(path);
  const isNext = now === first.text;
  if (isNext) await rename(own, path);
  for (const { successorPath } of isNext ? line : [last]) await unlink(successorPath).catch(() => undefined);
  return isNext;
}

async function linkIfFree(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path).catch(error => {
      if (systemErrorCode(error) === 'EEXIST') throw error;
      // A file system without hard links: the copy fails too where the name is taken, but is not there at once.
      return copyFile(own, path, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Only what is still ours: a lock that somebody deleted and took anew is left alone. */
async function release(path: string, self: LockHolder): Promise<void> {
  const text = await readIfThere(path).catch(() => undefined);
  if (text !== undefined && parseHolder(text)?.id === self.id) await unlink(path);
}

/** Far more than a lock takes. */
const MOST_BYTES = 2 ** 16;

/** @throws UserError where there is something that cannot be read: whoever waited for it to go would wait for ever */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readPlainText(
      path,
      MOST_BYTES,
      'It should be the lock of a running kn: take it away if none runs.',
    );
  } catch (error) {
    if (error instanceof Error && systemErrorCode(error.cause) === 'ENOENT') {
      // A link to nothing is in the way all the same.
      if (!(await otherThanFile(path))) return undefined;
    }
    throw error;
  }
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function isAlive({ pid, host, started }: LockHolder): Promise<boolean> {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
  // The number may have gone to another process since.
  const current = await startOf(pid);
  return current === undefined || current === started;
}

/** When a process started, in clock ticks since boot; undefined where the system does not tell (not Linux). */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readPlainText(`/proc/${pid}/stat`, MOST_BYTES);
    // Field 22; the second field, the name, may hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
