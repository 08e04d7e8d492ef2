import { describe, expect, it } from 'vitest';
import { groupKills, groupLimits } from './control-groups.js';

/** A machine's files, by their paths. */
const reading =
  (...files: readonly Readonly<Record<string, string>>[]) =>
  (path: string) =>
    Object.assign({}, ...files)[path];

/** As a host mounts them, or a container that has namespaces of its own. */
const V2 = {
  '/proc/self/mountinfo':
    '24 30 0:22 / /proc rw - proc proc rw\n31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n',
};
const V1 = {
  '/proc/self/mountinfo': [
    '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
    '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
  ].join('\n'),
  '/proc/self/cgroup': '7:memory:/slurm/job_7\n5:cpu,cpuacct:/slurm/job_7\n0::/\n',
};
const no = Number.POSITIVE_INFINITY;

describe('what control groups leave a process', () => {
  it('is all where there are none, as on macOS', () => {
    expect(groupLimits(() => undefined)).toEqual({ memory: no, cores: no });
    expect(groupKills(() => undefined)).toBeUndefined();
  });

  it('is what version 2 says of a container, which sees its own group as the root', () => {
    const read = reading(V2, {
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/memory.max': '1300000000\n',
      '/sys/fs/cgroup/memory.high': 'max\n',
      '/sys/fs/cgroup/cpu.max': '50000 100000\n',
    });
    expect(groupLimits(read)).toEqual({ memory: 1.3e9, cores: 0.5 });
  });

  it('is all where version 2 says "max"', () => {
    const read = reading(V2, {
      '/proc/self/cgroup': '0::/user.slice\n',
      '/sys/fs/cgroup/user.slice/memory.max': 'max\n',
      '/sys/fs/cgroup/user.slice/memory.high': 'max\n',
      '/sys/fs/cgroup/user.slice/cpu.max': 'max 100000\n',
    });
    expect(groupLimits(read)).toEqual({ memory: no, cores: no });
  });

  it.each([
    ['its own group', '/sys/fs/cgroup/kubepods/pod1/c1/'],
    ['the group above', '/sys/fs/cgroup/kubepods/pod1/'],
    ['the first of all', '/sys/fs/cgroup/kubepods/'],
  ])('is the least on the way up: that of %s', (_, group) => {
    const read = reading(
      V2,
      Object.fromEntries(
        ['kubepods/pod1/c1', 'kubepods/pod1', 'kubepods'].flatMap(name => [
          [`/sys/fs/cgroup/${name}/memory.max`, '8000000000\n'],
          [`/sys/fs/cgroup/${name}/cpu.max`, '400000 100000\n'],
        ]),
      ),
      {
        '/proc/self/cgroup': '0::/kubepods/pod1/c1\n',
        [`${group}memory.max`]: '2000000000\n',
        [`${group}cpu.max`]: '150000 100000\n',
      },
    );
    expect(groupLimits(read)).toEqual({ memory: 2e9, cores: 1.5 });
  });

  it('is what memory.high says, above which a process stands still', () => {
    const read = reading(V2, {
      '/proc/self/cgroup': '0::/app\n',
      '/sys/fs/cgroup/app/memory.max': '4000000000\n',
      '/sys/fs/cgroup/app/memory.high': '3000000000\n',
    });
    expect(groupLimits(read).memory).toBe(3e9);
  });

  it('is what version 1 says, the groups above counted', () => {
    const read = reading(V1, {
      '/sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/memory/slurm/memory.limit_in_bytes': '16000000000\n',
      '/sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_quota_us': '200000\n',
      '/sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us': '100000\n',
    });
    expect(groupLimits(read)).toEqual({ memory: 16e9, cores: 2 });
  });

  it('is found where a container of version 1 is shown its own group alone, under the name that it has outside', () => {
    const read = reading({
      '/proc/self/mountinfo':
        '40 31 0:32 /docker/1f2e /sys/fs/cgroup/memory ro,relatime master:12 - cgroup cgroup rw,memory',
      '/proc/self/cgroup': '7:memory:/docker/1f2e\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1300000000\n',
      '/sys/fs/cgroup/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 4\n',
    });
    expect(groupLimits(read).memory).toBe(1.3e9);
    expect(groupKills(read)).toBe(4);
  });

  it('is what the mounted group says where the own one is outside of it', () => {
    const read = reading(V2, {
      '/proc/self/cgroup': '0::/../other\n',
      '/sys/fs/cgroup/memory.max': '1300000000\n',
    });
    expect(groupLimits(read).memory).toBe(1.3e9);
  });

  it('may be limited by either version on a machine that has both', () => {
    const read = reading(
      {
        '/proc/self/mountinfo': `${V2['/proc/self/mountinfo'].replace('/sys/fs/cgroup rw', '/sys/fs/cgroup/unified rw')}${V1['/proc/self/mountinfo']}`,
      },
      {
        '/proc/self/cgroup': V1['/proc/self/cgroup'],
        '/sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes': '5000000000\n',
      },
    );
    expect(groupLimits(read)).toEqual({ memory: 5e9, cores: no });
  });
});

describe('the kills that a control group counts', () => {
  it('are its own in version 2, or those of the first above that counts', () => {
    const events = 'low 0\nhigh 0\nmax 61\noom 9\noom_kill 3\noom_group_kill 0\n';
    const own = { '/proc/self/cgroup': '0::/app/part\n' };
    expect(groupKills(reading(V2, own, { '/sys/fs/cgroup/app/part/memory.events': events }))).toBe(3);
    expect(groupKills(reading(V2, own, { '/sys/fs/cgroup/app/memory.events': events }))).toBe(3);
  });

  it('are its own alone in version 1, where a group above does not count them', () => {
    const above = { '/sys/fs/cgroup/memory/slurm/memory.oom_control': 'oom_kill 3\n' };
    expect(groupKills(reading(V1, above))).toBeUndefined();
    const own = { '/sys/fs/cgroup/memory/slurm/job_7/memory.oom_control': 'under_oom 0\noom_kill 2\n' };
    expect(groupKills(reading(V1, above, own))).toBe(2);
  });
});
