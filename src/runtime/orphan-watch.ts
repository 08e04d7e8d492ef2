import { Worker } from 'node:worker_threads';
import { parentOfChild } from './child-node.js';

/**
 * Ends this process soon after its parent is gone, even in the middle of a long computation. Node tells a child
 * of its parent's end only between two turns of the event loop, and a fact may keep a worker busy for minutes. A child of the
 * first process of a container need not look: it ends with that.
 */
export function endWithParent(): void {
  const watch = `
    setInterval(() => process.ppid === ${parentOfChild()} || process.kill(process.pid, 'SIGKILL'), 500);
  `;
  new Worker(watch, { eval: true }).unref();
}
