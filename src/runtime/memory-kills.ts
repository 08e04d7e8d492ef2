import { groupKills } from './control-groups.js';
import { kernelText } from './kernel-text.js';

/**
 * How many processes the kernel has killed because memory was full. In a container, of those in it; where no control group
 * counts them, of the whole machine's (`oom_kill` of /proc/vmstat, since Linux 4.13).
 * @returns undefined where the system does not say
 */
export function killsForMemory(read = kernelText): number | undefined {
  const ofGroup = groupKills(read);
  if (ofGroup !== undefined) return ofGroup;
  const [, count] = /^oom_kill (\d+)$/m.exec(read('/proc/vmstat') ?? '') ?? [];
  return count === undefined ? undefined : Number(count);
}
