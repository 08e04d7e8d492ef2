import { Worker } from 'node:worker_threads';

/**
 * Ends this process soon after its parent is gone, even in the middle of a long computation. Node tells a child
 * of its parent's end only between two turns of the event loop, and a fact may keep a worker busy for minutes.
 */
export function endWithParent(): void {
  const watch = `
    const parent = process.ppid;
    setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 500);
  `;
  new Worker(watch, { eval: true }).unref();
}
