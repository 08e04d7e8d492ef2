/** What this process may use of the machine: a container, a job or a service may have less than all of it. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { groupLimits, type ReadText } from './control-groups.js';
import { kernelText } from './kernel-text.js';

export interface Machine {
  readonly cores: number;
  /** In bytes. */
  readonly memory: number;
}

export interface LimitedMachine extends Machine {
  /** All that there is, for whomever. */
  readonly whole: Machine;
}

/** What Node says of the machine. */
export interface NodesView {
  /** That this process may run on. */
  readonly parallelism: number;
  /** Undefined, 0 or more than any machine has where nothing limits. */
  readonly constrainedMemory: number | undefined;
  readonly whole: Machine;
}

/** @param besideGpus workers that feed GPUs, and take a core each */
export function thisMachine(besideGpus = 0): LimitedMachine {
  const machine = machineOf(kernelText, {
    parallelism: availableParallelism(),
    constrainedMemory: process.constrainedMemory(),
    whole: { cores: Math.max(cpus().length, availableParallelism()), memory: totalmem() },
  });
  return { ...machine, cores: Math.max(1, machine.cores - besideGpus) };
}

/** Node 20 and its libuv know the memory of one group, and nothing of quotas of processor time. */
export function machineOf(
  read: ReadText,
  { parallelism, constrainedMemory, whole }: NodesView,
): LimitedMachine {
  const { memory, cores } = groupLimits(read);
  return {
    cores: Math.max(1, Math.min(parallelism, Math.floor(cores))),
    memory: Math.min(whole.memory, memory, constrainedMemory || whole.memory),
    whole,
  };
}

/** "this container may use 1.3 GB of memory", "this machine has 64 GB of memory" */
export function memoryText({ memory, whole }: LimitedMachine): string {
  const has = memory < whole.memory ? 'this container may use' : 'this machine has';
  return `${has} ${gigabytes(memory)} of memory`;
}

/** "0.53 GB", "1.3 GB", "64 GB" */
export function gigabytes(bytes: number): string {
  return `${bytes < 10e9 ? (bytes / 1e9).toPrecision(2) : Math.round(bytes / 1e9)} GB`;
}
