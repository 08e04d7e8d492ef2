/**
 * Ends this process where one mutation keeps it busy, and says which: a loop without an end lets no timer of its own thread
 * run, so another thread looks.
 */
import { Worker } from 'node:worker_threads';

/** Far more than any mutation takes on a machine that others use too. In seconds. */
const PATIENCE = 30;

const WATCH = `
const { workerData: { shared, patience, pid } } = require('node:worker_threads');
const state = new Int32Array(shared, 0, 2);
const title = Buffer.from(shared, 8);
let [last, since] = [-1, Date.now()];
setInterval(() => {
  const now = Atomics.load(state, 0);
  if (now !== last || Atomics.load(state, 1) === 0) [last, since] = [now, Date.now()];
  if (Date.now() - since < patience * 1000) return;
  const what = title.subarray(0, title.indexOf(0)).toString();
  require('node:fs').writeSync(2, '\\n' + what + ', run ' + now + ': no answer after ' + patience + ' s\\n');
  process.kill(pid, 'SIGKILL');
}, 1000);
`;

const TITLE_BYTES = 500;

export class HangGuard {
  private readonly state: Int32Array;
  private readonly worker: Worker;

  /** @param what is tried, and how it can be tried again */
  constructor(what: string) {
    const shared = new SharedArrayBuffer(8 + TITLE_BYTES);
    this.state = new Int32Array(shared, 0, 2);
    Buffer.from(shared, 8).write(what.slice(0, TITLE_BYTES / 4));
    this.worker = new Worker(WATCH, {
      eval: true,
      workerData: { shared, patience: PATIENCE, pid: process.pid },
    });
    this.worker.unref();
  }

  /** Watches one piece of work. */
  async during<T>(work: () => T | Promise<T>): Promise<T> {
    Atomics.add(this.state, 0, 1);
    Atomics.store(this.state, 1, 1);
    try {
      return await work();
    } finally {
      Atomics.store(this.state, 1, 0);
    }
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
