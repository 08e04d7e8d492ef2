/** The process that holds a lock, and whether it lives, as far as this machine can tell. */
import { readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { systemErrorCode } from '../../errors.js';
import { readPlainText } from '../../plain-file.js';

const holderSchema = z.object({
  pid: z.int(),
  host: z.string(),
  /** In clock ticks since boot; empty where the system does not tell (not Linux). */
  started: z.string(),
  since: z.string(),
  /** Of the lock that it took: no two are the same. */
  id: z.string().optional(),
  /** Since when the machine runs, as an id of Linux; earlier versions of kn, and other systems, give none. */
  boot: z.string().optional(),
  /** In which process numbers and start times mean what they do there: a container has its own. */
  namespaces: z.string().optional(),
});

/** The process that holds a lock. */
export type LockHolder = z.infer<typeof holderSchema>;

/** Of `unknown` its silence decides ({@link SilenceWatch}). */
export type Standing = 'alive' | 'dead' | 'unknown';

/** Far more than any of these files has. In bytes. */
const MOST_BYTES = 2 ** 16;

/** @param id of the lock */
export async function thisProcess(id: string): Promise<LockHolder> {
  const { boot, namespaces } = await thisPlace();
  return {
    pid: process.pid,
    host: hostname(),
    // Not by its number: /proc may be that of another namespace.
    started: (await statusOf('self'))?.started ?? '',
    since: new Date().toISOString(),
    id,
    ...(boot !== undefined && { boot }),
    ...(namespaces !== undefined && { namespaces }),
  };
}

/** What a lock file says; undefined where that is nothing. */
export function parseHolder(text: string): LockHolder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** As messages name it. */
export function holderText({ pid, host }: LockHolder): string {
  return `process ${pid} on ${host}`;
}

/**
 * Whether a process lives. It can be asked only where process numbers mean the same as here: since the same boot of the machine,
 * and in the same namespaces. A host's name proves neither: two containers may have the same, and a machine may change its own.
 */
export async function standingOf(holder: LockHolder): Promise<Standing> {
  const here = await thisPlace();
  const { boot, namespaces, host } = holder;
  if (boot !== undefined && namespaces !== undefined)
    return boot === here.boot && namespaces === here.namespaces ? askedHere(holder) : 'unknown';
  if (host !== hostname()) return 'unknown';
  // Not Linux, or an earlier version of kn, which touches nothing. Who has both this number and this start is the holder itself.
  const asked = await askedHere(holder);
  const mayBeElsewhere = process.platform === 'linux';
  return asked === 'dead' && mayBeElsewhere ? 'unknown' : asked;
}

async function askedHere({ pid, started }: LockHolder): Promise<Standing> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return 'dead';
  }
  // What /proc shows may be another namespace's, or hide what is not this user's.
  const isOurs = (await readlink('/proc/self').catch(() => undefined)) === String(process.pid);
  const status = isOurs ? await statusOf(pid) : undefined;
  if (!status || started === '') return 'unknown';
  // The number may have gone to another process since.
  if (status.started !== started) return 'dead';
  // One that ended stays a zombie for as long as its parent does not ask: in a container without an init process, for ever.
  return /[ZXx]/.test(status.state) ? 'dead' : 'alive';
}

async function statusOf(pid: number | 'self'): Promise<{ state: string; started: string } | undefined> {
  try {
    const stat = await readPlainText(`/proc/${pid}/stat`, MOST_BYTES);
    // Fields 3 and 22; the second field, the name, may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], started: fields[19] };
  } catch {
    return undefined;
  }
}

interface Place {
  readonly boot: string | undefined;
  readonly namespaces: string | undefined;
}

let place: Promise<Place> | undefined;

/** Where this process runs, to its end. Undefined is what the system does not tell (not Linux, some sandboxes). */
function thisPlace(): Promise<Place> {
  place ??= readPlace();
  return place;
}

async function readPlace(): Promise<Place> {
  const boot = await readPlainText('/proc/sys/kernel/random/boot_id', MOST_BYTES).catch(() => undefined);
  // Linux has had namespaces of time since 5.6.
  const [pid, time] = await Promise.all(
    ['pid', 'time'].map(kind => readlink(`/proc/self/ns/${kind}`).catch(() => undefined)),
  );
  return { boot: boot?.trim(), namespaces: pid && [pid, time ?? ''].join(' ').trim() };
}
