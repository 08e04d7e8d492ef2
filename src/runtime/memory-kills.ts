import { readFileSync } from 'node:fs';

/**
 * How many processes the kernel has killed since it started because memory was full, in whichever container: Linux counts
 * them (`oom_kill` of /proc/vmstat, since 4.13).
 * @returns undefined where the system does not say
 */
export function killsForMemory(): number | undefined {
  try {
    const [, count] = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8')) ?? [];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}
