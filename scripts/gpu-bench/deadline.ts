/** Work that has until a moment of performance.now(), and no longer. */
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../../src/errors.js';

/** What comes out of some work; undefined where the time is up before. */
export async function before<T>(deadline: number, work: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  const timeUp = setTimeout(Math.max(0, deadline - performance.now()), undefined, { signal: timer.signal });
  try {
    return await Promise.race([work, timeUp]);
  } finally {
    timer.abort();
    await timeUp.catch(() => undefined); // what an aborted timer throws
  }
}

/**
 * What comes out of work without which there is nothing to report.
 * @throws UserError where the time is up before
 */
export async function inTime<T>(deadline: number, work: Promise<T>): Promise<T> {
  const done = await before(deadline, work);
  if (done !== undefined) return done;
  throw new UserError('the time was up before anything was measured', 'Give it more --minutes.');
}
