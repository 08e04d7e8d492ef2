/** Scripts in processes of their own, which import what is built. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';

export interface OtherProcess {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** The next line that it prints; rejects where it ends without one. */
  line(): Promise<string>;
  /** Its exit code, when it has ended, and what it wrote to standard error. */
  readonly ended: Promise<{ code: number | null; stderr: string }>;
}

/** A file of dist/, for a script's import. */
export const built = (file: string) => JSON.stringify(new URL(`../../dist/${file}`, import.meta.url).href);

/**
 * Starts one; it is killed when the test ends.
 * @param before words of a command that starts it: `unshare --pid`
 * @param options of node
 */
export function runScript(
  script: string,
  before: readonly string[] = [],
  options: readonly string[] = [],
): OtherProcess {
  const words = [...before, process.execPath, ...options, '--input-type=module', '-e', script];
  const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let stderr = '';
  child.stderr.on('data', data => {
    stderr += data;
  });
  return {
    child,
    async line() {
      const { done, value } = await lines.next();
      if (done) throw new Error(`it ended without a word: ${stderr}`);
      return value;
    },
    ended: once(child, 'close').then(([code]) => ({ code, stderr })),
  };
}
