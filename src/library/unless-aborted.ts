import { Interrupted } from '../errors.js';

/**
 * Begins work, and waits for it no longer than until a signal is aborted. The work itself then goes on unheard: it must be of
 * a kind that may, as one that leaves nothing half done.
 * @throws Interrupted with this message, else what the work throws
 */
export function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal, message: string): Promise<T> {
  if (signal.aborted) return Promise.reject(new Interrupted(message));
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new Interrupted(message));
    signal.addEventListener('abort', onAbort, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** One that is never aborted. */
export function never(): AbortSignal {
  return new AbortController().signal;
}
