import { EXIT } from './exit.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `body`, and aborts its signal when the person or the scheduler asks this process to end. A second request
 * ends it at once: what is done is on disk anyway.
 */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  // A write beyond `ulimit -f` should fail, as on a full disk, and not kill the process.
  const onFileSize = () => undefined;
  process.on('SIGXFSZ', onFileSize);
  try {
    return await body(controller.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
    process.off('SIGXFSZ', onFileSize);
  }
}
