/** Which engines this machine can run on which of its devices, how fast, and what mends those that it cannot. */
import { cpus } from 'node:os';
import { UserError } from '../errors.js';
import { hubCacheFolder } from '../model/checkpoint/hub-folders.js';
import { chooseDevices } from '../runtime/devices/choose-devices.js';
import { DEVICE_KINDS, type Device } from '../runtime/devices/device.js';
import { gpusOfWebgpu, listDevices } from '../runtime/devices/list-devices.js';
import type { EngineChoice, EngineName } from '../runtime/engine-names.js';
import { cacheFolder, enginesFolder } from '../runtime/folders.js';
import { type LimitedMachine, thisMachine } from '../runtime/machine.js';
import { folderSize } from '../setup/folder-size.js';
import { type ProbeResult, probe } from '../setup/probe.js';

/** An engine on a device. */
export type EngineReport = ProbeResult & {
  readonly engine: EngineName;
  /** As `--devices` takes it; where there is none of a kind, the kind. */
  readonly device: string;
  readonly name: string | null;
  /** In bytes. */
  readonly memory: number | null;
  /** The device is a program that plays a GPU, taken where it is named alone. */
  readonly software: boolean;
};

export interface MeasuredFolder {
  readonly holds: string;
  readonly path: string;
  readonly bytes: number;
}

export interface Examination {
  readonly machine: {
    readonly node: string;
    readonly platform: string;
    readonly processor: string;
  } & LimitedMachine;
  readonly engines: readonly EngineReport[];
  /** Of these, what `auto` takes. */
  readonly auto: readonly EngineReport[];
  /** And what the engine that was asked for computes on: nothing where it cannot be used. */
  readonly taken: readonly EngineReport[];
  readonly folders: readonly MeasuredFolder[];
}

/**
 * Starts every engine in a process of its own.
 * @param asked the engine that must be usable
 * @param bench multiplies matrices on each for a second
 */
export async function examine(asked: EngineChoice, bench: boolean): Promise<Examination> {
  const engines: EngineReport[] = [];
  // One after another, or they would slow each other down.
  for (const kind of DEVICE_KINDS) {
    const engine = kind === 'webgpu' ? 'webgpu' : 'tensorflow';
    try {
      const devices = await listDevices(kind);
      if (devices.length === 0) gpusOfWebgpu(devices); // which says why
      for (const device of devices) engines.push(...(await reportsOn(device, bench)));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const { message: why, remedy } = error;
      engines.push({
        engine,
        device: kind,
        name: null,
        memory: null,
        software: false,
        usable: false,
        why,
        remedy,
      });
    }
  }
  const auto = await takenBy('auto', engines);
  const folders = await Promise.all(
    [
      { holds: 'downloads', path: cacheFolder() },
      { holds: 'models of the hub', path: hubCacheFolder() },
      { holds: 'engines', path: enginesFolder() },
    ].map(async (folder): Promise<MeasuredFolder> => ({ ...folder, bytes: await folderSize(folder.path) })),
  );
  const machine = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    ...thisMachine(),
  };
  const taken = asked === 'auto' ? auto : await takenBy(asked, engines);
  return { machine, engines, auto, taken, folders };
}

async function reportsOn(device: Device, bench: boolean): Promise<EngineReport[]> {
  const { id, name, memory, software, environment } = device;
  const names: readonly EngineName[] = device.kind === 'cpu' ? ['tensorflow', 'wasm'] : device.engines;
  const reports: EngineReport[] = [];
  for (const engine of names) {
    const probed = await probe({ engine, bench, scores: false }, environment);
    const result = device.kind === 'cuda' ? onGpu(probed) : probed;
    reports.push({ engine, device: id, name, memory, software, ...result });
  }
  return reports;
}

/** An engine that starts and leaves the GPU alone is of no use there. */
function onGpu(result: ProbeResult): ProbeResult {
  if (!result.usable || result.gpu) return result;
  return { usable: false, why: result.notice ?? 'libtensorflow does not use the GPU', remedy: '' };
}

/** The devices that `--engine <choice>` would start, each with the first of its engines that is usable. */
async function takenBy(engine: EngineChoice, reports: readonly EngineReport[]): Promise<EngineReport[]> {
  const { sets } = await chooseDevices({ engine }).catch(error => {
    if (error instanceof UserError) return { sets: [] };
    throw error;
  });
  for (const devices of sets) {
    const taken = devices.flatMap(({ id, engines }) => {
      const usable = (name: EngineName) =>
        reports.find(({ engine, device, usable }) => engine === name && device === id && usable);
      return engines.map(usable).find(report => report !== undefined) ?? [];
    });
    if (taken.length > 0) return taken;
  }
  return [];
}
