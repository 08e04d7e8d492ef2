import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { systemErrorCode } from '../errors.js';

export interface ToolResult {
  /** Undefined where there is no such program. */
  readonly code: number | null | undefined;
  /** Standard output and error, in two parts. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function runTool(command: string, args: readonly string[], cwd?: string): Promise<ToolResult> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null | undefined>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', error => {
      if (systemErrorCode(error) === 'ENOENT') resolve(undefined);
      else reject(error);
    });
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
