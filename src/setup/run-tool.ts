import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { systemErrorCode } from '../errors.js';
import { startChild } from './children.js';

export interface ToolResult {
  /** Undefined where there is no such program. */
  readonly code: number | null | undefined;
  /** Standard output and error, in two parts. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  /** What its environment has beyond this process's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of its standard output, when it comes. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program to its end. */
export async function runTool(
  command: string,
  args: readonly string[],
  { env, onLine }: ToolOptions = {},
): Promise<ToolResult> {
  const child = startChild(command, args, env);
  const ended = new Promise<number | null | undefined>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', error => {
      if (systemErrorCode(error) === 'ENOENT') resolve(undefined);
      else reject(error);
    });
  });
  if (onLine) createInterface(child.stdout).on('line', onLine);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** The line of a program's complaints that says the most. */
export function firstError(stderr: string): string {
  const lines = stderr.split('\n').filter(line => line.trim() !== '');
  const error = lines.find(line => /^error/i.test(line)) ?? lines.find(line => /error/i.test(line));
  return (error ?? lines[0] ?? 'it says nothing').trim();
}
