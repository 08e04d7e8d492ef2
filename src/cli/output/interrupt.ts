/** How a command ends where the person or the scheduler asks this process to: at once, or in its own way. */
import { Interrupted } from '../../errors.js';
import { EXIT } from './exit.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The command that runs, if any: what it is told, and whether it ends in its own way. */
interface Running {
  readonly asked: AbortSignal;
  ending: number;
}

let running: Running | undefined;

/** timeout(1) and schedulers ask a process and its group, which is one request. In ms. */
const AT_ONE_TIME = 100;

/**
 * Runs a command. Asked to end, it is left where it is, but for what it does in {@link interruptible}: whatever must not be left
 * half done is there. A second request ends the process at once: what is done is on disk anyway.
 * @throws Interrupted where it was asked to end, and did not come to its end by itself
 */
export async function endingOnSignals<T>(command: () => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const here: Running = { asked: controller.signal, ending: 0 };
  let leave: (error: Interrupted) => void = () => undefined;
  const left = new Promise<never>((_, reject) => {
    leave = reject;
  });
  let askedAt = 0;
  const onSignal = () => {
    if (controller.signal.aborted) {
      if (performance.now() - askedAt > AT_ONE_TIME) process.exit(EXIT.interrupted);
      return;
    }
    askedAt = performance.now();
    controller.abort();
    if (here.ending === 0) leave(new Interrupted('Interrupted.'));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  // A write beyond `ulimit -f` should fail, as on a full disk, and not kill the process.
  const onFileSize = () => undefined;
  process.on('SIGXFSZ', onFileSize);
  running = here;
  try {
    return await Promise.race([command(), left]);
  } finally {
    running = undefined;
    for (const name of SIGNALS) process.off(name, onSignal);
    process.off('SIGXFSZ', onFileSize);
  }
}

/** Runs the part of a command that ends in its own way: its signal is aborted when this process is asked to end. */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const here: Running = running ?? { asked: new AbortController().signal, ending: 0 };
  here.ending++;
  try {
    return await body(here.asked);
  } finally {
    here.ending--;
  }
}
