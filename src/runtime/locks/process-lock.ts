/**
 * Locks between processes: a file that names the process which holds it. That process touches it every few seconds
 * (`heartbeat.ts`). The lock of one that is gone, killed perhaps, is taken over: at once where this machine knows (`holder.ts`), else
 * when it has been silent for a minute (`silence-watch.ts`).
 */
import { randomUUID } from 'node:crypto';
import { constants, copyFile, link, rename, unlink, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { refusedFile, systemErrorCode, UserError } from '../../errors.js';
import { keepTouching } from './heartbeat.js';
import { type LockHolder, parseHolder, type Standing, standingOf, thisProcess } from './holder.js';
import { lineOfHolders, readLock, type Signature } from './lock-file.js';
import { LOCK_TIMES, type LockTimes, SilenceWatch } from './silence-watch.js';
import { type HeldLock, heldLock, lostAt, readLockSync, takeAway, touch, touchedAt } from './touch.js';

export interface ProcessLock {
  release(): Promise<void>;
  /**
   * What became of the lock where this process stood still for so long that another took it; undefined while it is held. To be
   * asked before anything is written: mostly it costs nothing.
   * @throws UserError where that cannot be told
   */
  lost(): LostLock | undefined;
}

export interface LostLock {
  /** Who has it now; undefined where nobody has. */
  readonly holder: LockHolder | undefined;
  /** Since it was last seen to be held. */
  readonly seconds: number;
}

export interface TakeOptions {
  /**
   * Told once where the holder cannot be asked whether it lives, and is watched for so many seconds at the most; no holder where
   * its file is damaged.
   */
  readonly onWatch?: (holder: LockHolder | undefined, seconds: number) => void;
  /** Ends the watching. */
  readonly signal?: AbortSignal | undefined;
  /** Default: {@link LOCK_TIMES}. The same for all who want the lock. */
  readonly times?: LockTimes;
}

/**
 * Takes the lock at `path`, or says who has it.
 * @throws a system error where the lock file cannot be written, UserError where what is there cannot be read, an AbortError on
 *   `signal`
 */
export async function takeLock(
  path: string,
  { onWatch, signal, times = LOCK_TIMES }: TakeOptions = {},
): Promise<{ lock: ProcessLock } | { holder: LockHolder }> {
  const watch = new SilenceWatch(path, times);
  let told = false;
  for (let tried = 0; tried < MOST_TRIES; ) {
    signal?.throwIfAborted();
    const line = await lineOfHolders(path);
    const standings = await standingsOf(line);
    const alive = line.find((_, i) => standings[i] === 'alive')?.holder;
    if (alive) return { holder: alive };
    if (standings.includes('unknown')) {
      const seen = await watch.look(line);
      const holder = line.findLast(one => one.holder)?.holder;
      if (seen.is === 'touched') {
        if (holder) return { holder };
        throw new UserError(
          `${path}: something that is no kn writes into this lock`,
          'End that, and take it away.',
        );
      }
      if (seen.is === 'waiting' && !told) {
        onWatch?.(holder, Math.ceil(seen.ms / 1000));
        told = true;
      }
      if (seen.is !== 'silent') {
        await setTimeout(watch.interval, undefined, { signal });
        continue;
      }
    }
    const lock = await takeIfFree(path, line, times);
    if (lock) return { lock };
    // Somebody else was faster. Many that want it at once do not keep in step.
    tried++;
    await setTimeout(Math.random() * 20, undefined, { signal });
  }
  throw new UserError(
    `${path}: cannot be made a lock, and nothing is there`,
    'Name a folder of another file system.',
  );
}

/** Nobody is so often a little later than others, one after the other. */
const MOST_TRIES = 1000;

export interface WaitOptions extends Omit<TakeOptions, 'onWatch'> {
  /**
   * Told once, where somebody has it; no holder where its file is damaged. With seconds, where the holder cannot be asked whether it
   * lives, and is watched for so many at the most.
   */
  readonly onWait?: (holder: LockHolder | undefined, seconds?: number) => void;
}

/**
 * Takes the lock at `path` when nobody has it any more; for the dead nobody waits longer than it takes to know them.
 * @throws what {@link takeLock} throws
 */
export async function waitForLock(
  path: string,
  { onWait, ...options }: WaitOptions = {},
): Promise<ProcessLock> {
  const { touch } = options.times ?? LOCK_TIMES;
  let told = false;
  const tell = (holder: LockHolder | undefined, seconds?: number) => {
    if (!told) onWait?.(holder, seconds);
    told = true;
  };
  for (;;) {
    const taken = await takeLock(path, { ...options, onWatch: tell });
    if ('lock' in taken) return taken.lock;
    tell(taken.holder);
    await setTimeout(Math.min(1000, touch), undefined, { signal: options.signal });
  }
}

/** The process that is known to live and to hold the lock at `path`, without taking it and without watching anybody. */
export async function lockHolder(path: string): Promise<LockHolder | undefined> {
  const line = await lineOfHolders(path);
  const standings = await standingsOf(line);
  return line.find((_, i) => standings[i] === 'alive')?.holder;
}

function standingsOf(line: readonly Signature[]): Promise<Standing[]> {
  return Promise.all(line.map(({ holder }) => (holder ? standingOf(holder) : 'unknown')));
}

/** @param line of holders who are all gone */
async function takeIfFree(
  path: string,
  line: readonly Signature[],
  times: LockTimes,
): Promise<ProcessLock | undefined> {
  const own = `${path}.${randomUUID()}`;
  const text = JSON.stringify(await thisProcess(randomUUID()));
  const held = heldLock(path, text, Date.now());
  try {
    await writeFile(own, text);
    // A hard link appears whole or not at all, and fails where the name is taken: on NFS too.
    const isOurs = line.length === 0 ? await linkIfFree(own, path) : await succeed(own, path, line);
    return isOurs ? hold(held, times) : undefined;
  } finally {
    await unlink(own).catch(() => undefined);
  }
}

/**
 * Takes over from the last of a line whose processes are all gone. To sign as its successor is to create a file
 * that only one process can create; that one alone may then replace the lock file. A slow process may sign after
 * a faster one has replaced it and swept up: it finds another first in line, and withdraws. So it does where the first one was
 * touched meanwhile.
 */
async function succeed(own: string, path: string, line: readonly Signature[]): Promise<boolean> {
  const [first, last] = [line[0], line[line.length - 1]];
  if (!(await linkIfFree(own, last.successorPath))) return false;
  let isNext = false;
  try {
    const now = await readLock(path);
    isNext = now?.text === first.text && now.touched === first.touched;
    if (isNext)
      await rename(own, path).catch(error => {
        throw refusedFile(
          path,
          'written',
          error,
          'It is the lock of a run that is gone, in a folder where this user may not replace it: its owner may take it away.',
        );
      });
  } finally {
    for (const { successorPath } of isNext ? line : [last])
      await unlink(successorPath).catch(() => undefined);
  }
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

function hold(held: HeldLock, times: LockTimes): ProcessLock {
  const endTouching = keepTouching(held, times.touch);
  // What ends this process at once, a second Ctrl-C perhaps, lets nobody wait for it.
  const onExit = () => takeAway(held);
  process.on('exit', onExit);
  return {
    async release() {
      endTouching();
      process.off('exit', onExit);
      // Only what is still ours: a lock that somebody deleted and took anew is left alone.
      const now = await readLock(held.path).catch(() => undefined);
      if (now?.text === held.text) await unlink(held.path);
    },
    lost() {
      // Who was silent for less than half the time has lost nothing. Clocks may be turned back.
      const silent = Math.abs(Date.now() - touchedAt(held));
      if (lostAt(held) === 0 && silent > times.silence / 2) touchNow(held);
      if (lostAt(held) === 0) return undefined;
      const holder = parseHolder(readLockSync(held.path) ?? '');
      return { holder, seconds: Math.round((lostAt(held) - touchedAt(held)) / 1000) };
    },
  };
}

function touchNow(held: HeldLock): void {
  try {
    touch(held);
  } catch (error) {
    throw refusedFile(held.path, 'written', error, 'It is the lock of this run, which another may take.');
  }
}
