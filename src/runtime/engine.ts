/**
 * The engines that compute tensors. One is started in a process, once; the model's code then runs on it without
 * knowing which it is. What computes is a device (`devices/`), and each device has engines that run there (`engines/`): a
 * process is told its device by its environment. Where nothing is said, the fastest that is set up and starts is taken.
 */
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../errors.js';
import { type AskedDevices, type ChosenDevices, chooseDevices } from './devices/choose-devices.js';
import type { Device, DeviceKind } from './devices/device.js';
import type { EngineChoice, EngineName } from './engine-names.js';
import { EngineAbsent } from './engines/absent.js';
import { checkProduct } from './engines/check-product.js';
import type { Engine, OnLoss } from './engines/engine.js';
import { startTensorflow } from './engines/tensorflow.js';
import { startWasm } from './engines/wasm.js';
import { startWebgpu } from './engines/webgpu.js';

export type { Engine, OnLoss };

/** An engine, and the device that it was started on. */
export interface EngineOnDevice extends Engine {
  readonly device: Device;
  /** Why it is no faster one that is set up here. */
  readonly notices: readonly string[];
}

const START: Record<EngineName, (onLoss: OnLoss) => Promise<Engine>> = {
  webgpu: startWebgpu,
  tensorflow: startTensorflow,
  wasm: startWasm,
};

/**
 * Starts an engine in this process. `auto` is the fastest that is set up and loads.
 * @param onLoss what to do where it is lost; whoever waits for a tensor's values gets the error anyway
 * @throws UserError where the engine that was asked for cannot run here
 */
export async function startEngine(choice: EngineChoice, onLoss: OnLoss = () => undefined): Promise<Engine> {
  return choice === 'auto' ? startOnDevice({ engine: choice }, onLoss) : start(choice, onLoss);
}

/**
 * Starts an engine in this process, on the first device of those that are asked for, or on the best that the machine has.
 * @throws UserError where none of them starts
 */
export async function startOnDevice(
  asked: AskedDevices,
  onLoss: OnLoss = () => undefined,
): Promise<EngineOnDevice> {
  return startOnChosen(await chooseDevices(asked), onLoss);
}

/** The same where the devices have been chosen. */
export async function startOnChosen(
  { sets, notices: passedOver }: ChosenDevices,
  onLoss: OnLoss = () => undefined,
): Promise<EngineOnDevice> {
  const notices = [...passedOver];
  let last: unknown;
  for (const device of sets.flatMap(devices => devices.slice(0, 1))) {
    Object.assign(process.env, device.environment);
    for (const name of device.engines) {
      try {
        return { ...(await startOn(device.kind, name, onLoss)), device, notices };
      } catch (error) {
        last = error;
        if (!(error instanceof EngineAbsent))
          notices.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
  if (notices.length < 2) throw last;
  throw new UserError(`no engine computes here: ${notices.join('; ')}`, remedyOf(last));
}

const remedyOf = (error: unknown) => (error instanceof UserError ? error.remedy : '');

/**
 * Starts an engine on a device of this kind, which the environment names.
 * @throws UserError where it does not start, or would compute elsewhere
 */
export async function startOn(kind: DeviceKind, name: EngineName, onLoss: OnLoss): Promise<Engine> {
  const engine = await start(name, onLoss);
  if (kind !== 'cuda' || engine.gpu) return engine;
  throw new UserError(engine.notice ?? 'libtensorflow does not use the GPU', 'kn doctor says more.');
}

/** What mends an engine that is here and does not run. `kn doctor` shows it too, so that nothing here may send people there. */
const MEND: Record<EngineName, string> = {
  webgpu: "Update the GPU's driver",
  tensorflow: 'Run kn setup tensorflow again',
  wasm: 'Install the packages again (npm ci)',
};

/** An engine counts as started once it has multiplied. */
async function start(name: EngineName, onLoss: OnLoss): Promise<Engine> {
  const remedy = `${MEND[name]}; without --engine, kn takes one that runs here.`;
  const engine = await orFault(`the ${name} engine cannot start`, remedy, () => START[name](onLoss));
  try {
    await orFault(`the ${name} engine starts, and cannot compute`, remedy, checkProduct);
  } catch (fault) {
    tf.removeBackend(name); // or it would count as the one that runs
    throw fault;
  }
  return engine;
}

async function orFault<T>(fault: string, remedy: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UserError(`${fault}: ${reason}`, remedy, { cause: error });
  }
}
