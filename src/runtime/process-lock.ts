/**
 * Locks between processes: a file that names the process which holds it. A lock whose process is gone, killed
 * perhaps, is taken over.
 */
import { randomUUID } from 'node:crypto';
import { constants, copyFile, link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { systemErrorCode } from '../errors.js';

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
      const holder = await readHolder(path);
      if (holder && (await isAlive(holder))) return { holder };
      await removeAbandoned(path, holder);
    }
    return { lock: { release: () => release(path, self) } };
  } finally {
    await unlink(own).catch(() => undefined);
  }
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
  if (sameHolder(await readHolder(path), self)) await unlink(path);
}

/**
 * Moved aside before it is deleted: of two processes that find it abandoned, one alone succeeds in that. The
 * slower one may catch the faster one's new lock instead, and then puts it back.
 */
async function removeAbandoned(path: string, holder: LockHolder | undefined): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if (!sameHolder(await readHolder(aside), holder)) await linkIfFree(aside, path);
  await unlink(aside);
}

function sameHolder(a: LockHolder | undefined, b: LockHolder | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, 'utf8')));
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
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Field 22; the second field, the name, may hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
