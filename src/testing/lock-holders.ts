/** Locks, and processes that hold them. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { thisProcess } from '../runtime/locks/holder.js';
import { type TakeOptions, takeLock } from '../runtime/locks/process-lock.js';
import { built, runScript } from './other-process.js';
import { temporaryFolder } from './temporary-folder.js';

/** Short enough for a test, long enough for a machine that has other work. */
export const TIMES = { touch: 50, silence: 1000 };

export const lockPath = () => join(temporaryFolder(), 'lock');

export const takingScript = (path: string, then = '') => `
  import { takeLock } from ${built('runtime/locks/process-lock.js')};
  const taken = await takeLock(${JSON.stringify(path)}, { times: ${JSON.stringify(TIMES)} });
  console.log('lock' in taken ? 'held' : 'refused');
  setInterval(() => {}, 1000);
  ${then}`;

/**
 * A process of its own that holds the lock until it is killed.
 * @param before words of a command that starts it
 * @param then what it does when it has the lock
 */
export async function holderOf(
  path: string,
  before: readonly string[] = [],
  then = '',
  options: readonly string[] = [],
) {
  const holder = runScript(takingScript(path, then), before, options);
  expect(await holder.line()).toBe('held');
  return holder;
}

/** A process of this machine that is gone. */
export const gone = async () => JSON.stringify({ ...(await thisProcess('first')), pid: 2 ** 22 + 1 });

/** One that cannot be asked. */
export const ELSEWHERE = {
  pid: 1,
  host: 'elsewhere',
  started: '1',
  since: 'then',
  boot: 'another',
  namespaces: 'pid',
};
export const elsewhere = JSON.stringify(ELSEWHERE);

export async function take(path: string, options?: TakeOptions) {
  const taken = await takeLock(path, { times: TIMES, ...options });
  if (!('lock' in taken)) throw new Error(`held by ${taken.holder.pid}`);
  return taken.lock;
}

export function refuseToWatch(): never {
  throw new Error('watched, and it was to be known at once');
}
