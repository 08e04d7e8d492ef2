import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { killsForMemory } from './memory-kills.js';

const VMSTAT = 'nr_free_pages 5\noom_kill 12\n';

describe('the kills for memory that the system counts', () => {
  it.skipIf(!existsSync('/proc/vmstat'))('are a whole number on Linux (skipped elsewhere)', () => {
    expect(killsForMemory()).toSatisfy(Number.isSafeInteger);
  });

  it('are those of its control group, so that no other container of the machine counts', () => {
    const files: Record<string, string> = {
      '/proc/vmstat': VMSTAT,
      '/proc/self/mountinfo': '31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw',
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/memory.events': 'oom 1\noom_kill 1\n',
    };
    expect(killsForMemory(path => files[path])).toBe(1);
  });

  it("are the whole machine's where no group counts, and none are known where nobody does", () => {
    expect(killsForMemory(path => (path === '/proc/vmstat' ? VMSTAT : undefined))).toBe(12);
    expect(killsForMemory(() => undefined)).toBeUndefined();
  });
});
