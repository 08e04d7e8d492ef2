/**
 * A process of the benchmark, with an engine of its own: one process has one engine, and a device that is lost takes
 * nothing else with it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { endWithParent } from '../../src/runtime/orphan-watch.js';

const failedSchema = z.object({ failed: z.string() });

/** How long a process may take to end by itself, in ms. */
const PATIENCE = 3000;

/** What could not be done, and why, as the process itself said or as it ended. */
export class ChildFailed extends Error {}

export class Child {
  private constructor(
    private readonly child: ChildProcess,
    private readonly gone: Promise<string>,
  ) {}

  /** @param name of the file beside this one, without its ending */
  static start(name: string, argument: unknown): Child {
    const file = fileURLToPath(new URL(`./${name}${extname(import.meta.url)}`, import.meta.url));
    const child = fork(file, [JSON.stringify(argument)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    return new Child(child, howItEnds(child));
  }

  /**
   * The next message, after an order where there is one.
   * @throws ChildFailed where the process fails or ends instead
   */
  async answer<T>(schema: z.ZodType<T>, order?: object): Promise<T> {
    const message = new Promise<unknown>(resolve => this.child.once('message', resolve));
    if (order !== undefined && this.child.connected) this.child.send(order);
    const ended = this.gone.then(failed => ({ failed }));
    const answer = await Promise.race([message, ended]);
    const failure = failedSchema.safeParse(answer);
    if (failure.success) throw new ChildFailed(failure.data.failed);
    return schema.parse(answer);
  }

  /** Lets it end, or makes it. */
  async end(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
    await this.gone;
    clearTimeout(timer);
  }
}

async function howItEnds(child: ChildProcess): Promise<string> {
  // Not 'close', which does not come where the parent has disconnected. Before 'disconnect' a last message may be on its way.
  const [[code, signal], stderr] = await Promise.all([
    once(child, 'exit'),
    child.stderr ? text(child.stderr) : '',
    once(child, 'disconnect'),
  ]);
  const lines = stderr.trimEnd().split('\n');
  const reason = lines.findLast(line => /^\w*Error\b/.test(line)) ?? lines.at(-1); // Node's own last line is its version
  return `its process ended with ${signal ?? `code ${code}`}${reason ? `: ${reason}` : ''}`;
}

/** In the process itself: does what it was started for, and answers with what comes out. */
export async function serve<T>(
  argument: z.ZodType<T>,
  work: (argument: T) => Promise<unknown>,
): Promise<void> {
  endWithParent();
  process.once('disconnect', () => process.exit());
  try {
    const answer = await work(argument.parse(JSON.parse(process.argv[2])));
    if (answer !== undefined) reply(answer);
  } catch (error) {
    fail(error);
  }
}

export function reply(answer: unknown): void {
  process.send?.(answer);
}

/** Says why, and ends: an engine that failed once is not to be believed any more. */
export function fail(error: unknown): void {
  const failed = error instanceof Error ? error.message : String(error);
  process.send?.({ failed }, () => process.exit(1));
}
