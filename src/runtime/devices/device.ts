/** What computes: the processors of this machine, or one of its GPUs. */
import type { EngineName } from '../engine-names.js';

export const DEVICE_KINDS = ['cuda', 'webgpu', 'cpu'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

export interface Device {
  readonly kind: DeviceKind;
  /** As `--devices` takes it: "cpu", "cuda:0", "webgpu:1". */
  readonly id: string;
  readonly name: string;
  /** In bytes; null where its driver does not say. */
  readonly memory: number | null;
  /** It is a program that plays a GPU. */
  readonly software: boolean;
  /** Those that compute on it, the fastest first. */
  readonly engines: readonly EngineName[];
  /** What a process needs in its environment, so that its engine takes this device and no other. */
  readonly environment: Readonly<Record<string, string>>;
}

/** "cpu", "cuda", "cuda:1", "webgpu:0", "webgpu:Arc A770", or "all" for every device of the machine. */
const DEVICE = /^(all|cpu|cuda(:\d+)?|webgpu(:.+)?)$/;

/** The words of `--devices cuda:0,cuda:1`, or undefined where one of them means nothing. */
export function parseDevices(option: string): string[] | undefined {
  const words = option.split(',').map(word => word.trim());
  return words.every(word => DEVICE.test(word)) ? [...new Set(words)] : undefined;
}
