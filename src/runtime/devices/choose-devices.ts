/** What `--engine` and `--devices` mean on this machine. */
import { UsageError, UserError } from '../../errors.js';
import type { EngineChoice, EngineName } from '../engine-names.js';
import { EngineAbsent } from '../engines/absent.js';
import { chooseAdapter } from '../engines/webgpu-adapters.js';
import { DEVICE_KINDS, type Device, type DeviceKind } from './device.js';
import { gpusOfWebgpu, listDevices } from './list-devices.js';

export interface AskedDevices {
  readonly engine: EngineChoice;
  /** As {@link parseDevices} gives them; undefined for the fastest kind that the machine has. */
  readonly devices?: readonly string[];
}

export interface ChosenDevices {
  /** Sets of devices that may do the work, the best first: the next one is for where the one before does not start. */
  readonly sets: readonly (readonly Device[])[];
  /** Why a faster device was passed over, where that is a fault. */
  readonly notices: readonly string[];
}

const KINDS: Readonly<Record<EngineChoice, readonly DeviceKind[]>> = {
  auto: DEVICE_KINDS,
  webgpu: ['webgpu'],
  tensorflow: ['cuda', 'cpu'],
  wasm: ['cpu'],
};

/**
 * @param list what the machine has of a kind
 * @throws UserError where a device that was asked for is not there, UsageError where the engine does not run on it
 */
export async function chooseDevices(
  { engine, devices }: AskedDevices,
  list: (kind: DeviceKind) => Promise<Device[]> = listDevices,
): Promise<ChosenDevices> {
  return devices ? chooseAsked(engine, devices, list) : chooseBest(engine, list);
}

type List = (kind: DeviceKind) => Promise<Device[]>;

/** Every GPU of the fastest kind, else the processor. */
async function chooseBest(engine: EngineChoice, list: List): Promise<ChosenDevices> {
  const sets: Device[][] = [];
  const notices: string[] = [];
  let lacking: UserError | undefined;
  for (const kind of KINDS[engine]) {
    try {
      const found = await list(kind);
      sets.push((kind === 'webgpu' ? gpusOfWebgpu(found) : found).map(device => only(engine, device)));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      lacking = error;
      if (!(error instanceof EngineAbsent)) notices.push(error.message);
    }
  }
  if (sets.length === 0 && lacking) throw lacking;
  return { sets, notices };
}

async function chooseAsked(
  engine: EngineChoice,
  asked: readonly string[],
  list: List,
): Promise<ChosenDevices> {
  const chosen = new Map<string, Device>();
  const notices: string[] = [];
  for (const word of asked) {
    const found = word === 'all' ? await allOf(engine, list, notices) : await devicesOf(word, list);
    for (const device of found) {
      if (engine !== 'auto' && !KINDS[engine].includes(device.kind))
        throw new UsageError(`--devices ${word}: the ${engine} engine does not run there`, remedyFor(engine));
      chosen.set(device.id, only(engine, device));
    }
  }
  if (chosen.size === 0)
    throw new UserError(
      `--devices ${asked.join()}: the ${engine} engine finds none here`,
      'kn doctor shows what this machine has.',
    );
  return { sets: [[...chosen.values()]], notices };
}

/** Every device once: a GPU that CUDA has is not taken a second time through WebGPU. */
async function allOf(engine: EngineChoice, list: List, notices: string[]): Promise<Device[]> {
  const all: Device[] = [];
  for (const kind of KINDS[engine]) {
    try {
      const found = await list(kind);
      const gpus = kind === 'webgpu' ? gpusOfWebgpu(found) : found;
      const isTaken = ({ name }: Device) =>
        all.some(device => device.kind === 'cuda' && (name.includes('NVIDIA') || name === device.name));
      all.push(...gpus.filter(device => kind !== 'webgpu' || !isTaken(device)));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (!(error instanceof EngineAbsent)) notices.push(error.message);
    }
  }
  return all;
}

async function devicesOf(word: string, list: List): Promise<Device[]> {
  const said = `--devices ${word}`;
  const kind = DEVICE_KINDS.find(kind => word === kind || word.startsWith(`${kind}:`));
  if (!kind) throw new UsageError(`${said}: not a device`, 'Name all, cpu, cuda:0 or webgpu:0.');
  const found = await list(kind).catch(error => {
    throw error instanceof UserError ? new UserError(`${said}: ${error.message}`, error.remedy) : error;
  });
  if (word === kind) return kind === 'webgpu' ? gpusOfWebgpu(found) : found;
  const which = word.slice(kind.length + 1);
  if (kind === 'webgpu') {
    const { name } = chooseAdapter(found, which, said);
    return found.filter(device => device.name === name).slice(0, 1);
  }
  const device = found[Number(which)];
  if (device) return [device];
  throw new UserError(`${said}: no such device`, `There are: ${found.map(describeDevice).join(', ')}.`);
}

/** "cuda:0 (NVIDIA H100 80GB HBM3)" */
export function describeDevice({ id, name }: Device): string {
  return `${id} (${name})`;
}

/** The device with the one engine that was asked for. */
function only(engine: EngineChoice, device: Device): Device {
  return engine === 'auto' ? device : { ...device, engines: [engine] };
}

function remedyFor(engine: EngineName): string {
  const kinds = KINDS[engine].map(kind => (kind === 'cpu' ? 'cpu' : `${kind}:0`));
  return `It runs on ${kinds.join(' and ')}; leave --engine out for what runs on the device.`;
}
