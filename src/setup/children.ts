/**
 * The programs that setup runs: pip, a compiler, an engine that is tried. They end with this process, and those that they have
 * started themselves, cc1plus for one.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { Interrupted } from '../errors.js';

type Child = ChildProcessByStdio<null, Readable, Readable>;

const running = new Set<Child>();
let mayStart = true;

/** How long they may take to tidy up. In ms. */
const PATIENCE = 2000;

/** A group of its own can be ended whole; Ctrl-C then does not reach it by itself. Windows has none. */
const HAS_GROUPS = process.platform !== 'win32';

/** Starts a program of which standard output and error are read. */
export function startChild(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Child {
  if (!mayStart) throw new Interrupted('Interrupted.');
  if (running.size === 0) process.once('exit', killChildren);
  const child = spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: HAS_GROUPS,
  });
  running.add(child);
  const onEnd = () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', killChildren);
  };
  child.once('close', onEnd);
  child.once('error', onEnd);
  return child;
}

/**
 * Ends all that run, and lets the work that waits for them come to its end; it can start no other meanwhile.
 * @param work whose failure is nobody's business any more
 */
export async function endChildren(work: Promise<unknown>): Promise<void> {
  mayStart = false;
  try {
    const ended = [...running].map(child => once(child, 'close'));
    signalAll('SIGINT'); // At which pip removes what it has unpacked, and a compiler its half-written file.
    await Promise.race([Promise.all(ended), setTimeout(PATIENCE)]);
    killChildren();
    await Promise.race([work.catch(() => undefined), setTimeout(PATIENCE)]);
  } finally {
    mayStart = true;
  }
}

function killChildren(): void {
  signalAll('SIGKILL');
}

function signalAll(signal: NodeJS.Signals): void {
  for (const child of running) {
    try {
      if (HAS_GROUPS && child.pid !== undefined) process.kill(-child.pid, signal);
      else child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  }
}
