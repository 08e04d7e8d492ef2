import { describe, expect, it } from 'vitest';
import { machineOf, memoryText, type NodesView, thisMachine } from './machine.js';

const host: NodesView = {
  parallelism: 64,
  constrainedMemory: undefined,
  whole: { cores: 64, memory: 128e9 },
};

/** What control groups of version 2 say. */
const limitedTo = (memory: string, cpu: string) => {
  const files: Record<string, string> = {
    '/proc/self/mountinfo': '31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw',
    '/proc/self/cgroup': '0::/\n',
    '/sys/fs/cgroup/memory.max': memory,
    '/sys/fs/cgroup/cpu.max': cpu,
  };
  return (path: string) => files[path];
};

describe('what this process may use', () => {
  it("is the container's part of the machine", () => {
    const machine = machineOf(limitedTo('2000000000\n', '400000 100000\n'), host);
    expect(machine).toEqual({ cores: 4, memory: 2e9, whole: host.whole });
    expect(memoryText(machine)).toBe('this container may use 2.0 GB of memory');
  });

  it('is all of the machine where nothing limits it', () => {
    const machine = machineOf(limitedTo('max\n', 'max 100000\n'), host);
    expect(machine).toMatchObject({ cores: 64, memory: 128e9 });
    expect(memoryText(machine)).toBe('this machine has 128 GB of memory');
  });

  it.each([
    ['half a core', '50000 100000', 1],
    ['a core and a half', '150000 100000', 1],
    ['more cores than it may run on', '9900000 100000', 64],
  ])('is a whole number of cores, one at least: of %s', (_, quota, cores) => {
    expect(machineOf(limitedTo('max', quota), host).cores).toBe(cores);
  });

  it.each([undefined, 0, 2 ** 64])('is not limited where Node says %s', constrainedMemory => {
    expect(machineOf(() => undefined, { ...host, constrainedMemory }).memory).toBe(128e9);
  });

  it('is what Node knows of a limit that no control group shows', () => {
    expect(machineOf(() => undefined, { ...host, constrainedMemory: 3e9 }).memory).toBe(3e9);
  });

  it('leaves a core to each worker of a GPU, and one at least', () => {
    const { cores, memory, whole } = thisMachine();
    expect(cores).toBeLessThanOrEqual(whole.cores);
    expect(memory).toBeLessThanOrEqual(whole.memory);
    expect(thisMachine(1000)).toEqual({ cores: 1, memory, whole });
  });
});
