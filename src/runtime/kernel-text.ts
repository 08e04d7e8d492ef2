import { readFileSync } from 'node:fs';

/** What the kernel tells in a file of /proc or /sys; undefined where it does not. */
export function kernelText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
