/**
 * The locks that this process holds, touched in time: by a thread, which no computation holds up, and which serves all of them.
 */
import { Worker } from 'node:worker_threads';
import { type HeldLock, touch } from './touch.js';

// The built file, whether this is that or its source.
const THREAD = new URL('../../../dist/runtime/locks/heartbeat-thread.js', import.meta.url);

interface KeptLock {
  readonly held: HeldLock;
  /** Between two touches, in milliseconds. */
  readonly every: number;
}

/** What the thread is told. */
export type HeartbeatMessage =
  | ({ readonly type: 'keep' } & KeptLock)
  | { readonly type: 'leave'; readonly text: string };

/** By their text, of which no two are the same. */
const kept = new Map<string, KeptLock>();
const timers = new Map<string, NodeJS.Timeout>();
let thread: Worker | 'none' | undefined;

/**
 * Touches a lock from now on.
 * @returns what ends that
 */
export function keepTouching(held: HeldLock, every: number): () => void {
  const lock = { held, every };
  kept.set(held.text, lock);
  thread ??= startThread();
  if (thread === 'none') touchByTimer(lock);
  else tell(thread, { type: 'keep', ...lock });
  return () => {
    kept.delete(held.text);
    clearInterval(timers.get(held.text));
    timers.delete(held.text);
    if (thread instanceof Worker) tell(thread, { type: 'leave', text: held.text });
  };
}

function tell(worker: Worker, message: HeartbeatMessage): void {
  worker.postMessage(message);
}

function startThread(): Worker | 'none' {
  try {
    // Options that this process was started with may be none for a thread.
    const worker = new Worker(THREAD, { execArgv: [] });
    worker.on('error', touchWithoutThread);
    worker.on('exit', touchWithoutThread);
    worker.unref();
    return worker;
  } catch {
    return 'none';
  }
}

/** Where the system gives no thread, or ends it. Better than nothing: a long computation may hold it up. */
function touchWithoutThread(): void {
  if (thread === 'none') return;
  thread = 'none';
  for (const lock of kept.values()) touchByTimer(lock);
}

function touchByTimer({ held, every }: KeptLock): void {
  timers.set(held.text, touchAtIntervals(held, every).unref());
}

/** A touch that fails is tried again the next time. */
export function touchAtIntervals(held: HeldLock, every: number): NodeJS.Timeout {
  return setInterval(() => {
    try {
      touch(held);
    } catch {
      // Whoever is about to write asks again, and hears why.
    }
  }, every);
}
