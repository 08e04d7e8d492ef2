import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { kn } from './run-kn.js';
import { temporaryFolder } from './temporary-folder.js';

/**
 * Expects that a command ends with `code` and `message` on standard error: no stack, nothing on standard output, and nothing
 * written where it was called.
 * @returns standard error
 */
export async function expectRefusal(
  args: readonly string[],
  code: number,
  message: string | RegExp,
): Promise<string> {
  const cwd = temporaryFolder();
  const result = await kn(args, { cwd });
  expect(result.stderr).toMatch(message);
  expect(result.code).toBe(code);
  expect(result.stdout).toBe('');
  expect(result.stderr).not.toContain('    at ');
  expect(readdirSync(cwd)).toEqual([]);
  return result.stderr;
}
