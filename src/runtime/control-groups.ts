/**
 * The control groups of this process: by them Linux limits a container, a job of Slurm or a service to less than the machine
 * has. Version 2 has one hierarchy for all, version 1 one for memory and one for processors; a machine may have both. A limit
 * of a group holds for all groups in it, so that the least on the way up counts.
 */

/** The text of a file; undefined where it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** Infinity where nothing limits. */
export interface GroupLimits {
  /** In bytes. */
  readonly memory: number;
  /** Processor time a time: 0.5 is half a core. */
  readonly cores: number;
}

/** No limit is written as the largest number of pages that fits, which depends on the machine. */
const NO_LIMIT = 2 ** 60;

export function groupLimits(read: ReadText): GroupLimits {
  const { unified, memory, cpu } = controlGroups(read);
  const number = (path: string) => limitOf(read(path));
  const memories = [
    // Above memory.high a process is slowed down until it all but stands still.
    ...unified.flatMap(group => [number(`${group}/memory.max`), number(`${group}/memory.high`)]),
    ...memory.map(group => number(`${group}/memory.limit_in_bytes`)),
  ];
  const cores = [
    ...unified.map(group => {
      const [quota, period] = (read(`${group}/cpu.max`) ?? '').split(' ');
      return limitOf(quota) / limitOf(period);
    }),
    ...cpu.map(group => number(`${group}/cpu.cfs_quota_us`) / number(`${group}/cpu.cfs_period_us`)),
  ];
  return { memory: least(memories), cores: least(cores) };
}

/**
 * How many processes of this group, or of one in it, the kernel has killed since memory was full: whichever limit it was that
 * was met, the machine's own too.
 * @returns undefined where no group counts them
 */
export function groupKills(read: ReadText): number | undefined {
  const { unified, memory } = controlGroups(read);
  // Version 2 counts for the groups above as well; version 1 does not.
  const files = [
    ...unified.map(group => `${group}/memory.events`),
    ...memory.slice(0, 1).map(group => `${group}/memory.oom_control`),
  ];
  for (const file of files) {
    const [, count] = /^oom_kill (\d+)$/m.exec(read(file) ?? '') ?? [];
    if (count !== undefined) return Number(count);
  }
  return undefined;
}

/** The folders of this process's groups, its own first, then those above. */
interface ControlGroups {
  readonly unified: readonly string[];
  readonly memory: readonly string[];
  readonly cpu: readonly string[];
}

function controlGroups(read: ReadText): ControlGroups {
  const mounts = (read('/proc/self/mountinfo') ?? '').split('\n').flatMap(mountOf);
  const paths = (read('/proc/self/cgroup') ?? '').split('\n').map(line => line.split(':'));
  const of = (type: string, controller: string) => {
    const mount = mounts.find(one => one.type === type && (!controller || one.options.includes(controller)));
    const [, , ...path] = paths.find(([, names = '']) => names.split(',').includes(controller)) ?? [];
    return mount && path.length > 0 ? foldersUp(mount, path.join(':')) : [];
  };
  return { unified: of('cgroup2', ''), memory: of('cgroup', 'memory'), cpu: of('cgroup', 'cpu') };
}

interface Mount {
  readonly type: string;
  /** The group that is mounted, and where. */
  readonly root: string;
  readonly place: string;
  readonly options: readonly string[];
}

/** "32 31 0:29 /docker/1f /sys/fs/cgroup/cpu ro,relatime - cgroup cgroup rw,cpu,cpuacct" */
function mountOf(line: string): Mount[] {
  const [before, after] = line.split(' - ').map(part => part.split(' '));
  if (!after) return [];
  const [, , , root = '', place = ''] = before;
  const [type = '', , options = ''] = after;
  return [{ type, root, place, options: options.split(',') }];
}

/** A container sees its own group as the mount's root, whatever the path outside is called. */
function foldersUp({ root, place }: Mount, path: string): string[] {
  const isBelow = root === '/' || path === root || path.startsWith(`${root}/`);
  const below = isBelow && !path.includes('/..') ? path.slice(root === '/' ? 0 : root.length) : '';
  const names = below.split('/').filter(name => name !== '');
  return names.map((_, i) => [place, ...names.slice(0, names.length - i)].join('/')).concat(place);
}

/** "max", "-1", nothing and what is beyond all memory are no limits. */
function limitOf(text: string | undefined): number {
  const value = Number.parseInt(text ?? '', 10);
  return value > 0 && value < NO_LIMIT ? value : Number.POSITIVE_INFINITY;
}

function least(limits: readonly number[]): number {
  return Math.min(...limits.filter(limit => limit > 0), Number.POSITIVE_INFINITY); // Infinity / Infinity is no number
}
