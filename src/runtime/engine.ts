/**
 * The engines that compute tensors. One is started in a process, once; the model's code then runs on it without
 * knowing which it is.
 */
import { UserError } from '../errors.js';
import { ENGINES, type EngineChoice, type EngineName } from './engine-names.js';
import { EngineAbsent } from './engines/absent.js';
import { startTensorflow } from './engines/tensorflow.js';
import { startWasm } from './engines/wasm.js';
import { startWebgpu } from './engines/webgpu.js';

export interface Engine {
  readonly name: EngineName;
  /** What computes, with its version: part of what decides a result's last digits. */
  readonly version: string;
  /** Why something faster that is set up here is not used: another engine, or the GPU; undefined where nothing is. */
  readonly notice?: string;
  /** Whether it computes on a GPU through CUDA. */
  readonly gpu?: true;
}

/** Called where an engine stops for good, in the middle of its work, as one on a GPU may. */
export type OnLoss = (error: UserError) => void;

const START: Record<EngineName, (onLoss: OnLoss) => Promise<Engine>> = {
  webgpu: startWebgpu,
  tensorflow: startTensorflow,
  wasm: startWasm,
};

/**
 * Starts an engine in this process. `auto` is the first of all that is set up and loads.
 * @param onLoss what to do where it is lost; whoever waits for a tensor's values gets the error anyway
 * @throws UserError where the engine that was asked for cannot run here
 */
export async function startEngine(choice: EngineChoice, onLoss: OnLoss = () => undefined): Promise<Engine> {
  if (choice !== 'auto') return start(choice, onLoss);
  const notices: string[] = [];
  for (const name of ENGINES) {
    try {
      const engine = await start(name, onLoss);
      if (engine.notice !== undefined) notices.push(engine.notice);
      return notices.length === 0 ? engine : { ...engine, notice: notices.join('\n') };
    } catch (error) {
      if (!(error instanceof EngineAbsent))
        notices.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new UserError(notices.join('\n'), 'kn doctor says more.');
}

async function start(name: EngineName, onLoss: OnLoss): Promise<Engine> {
  try {
    return await START[name](onLoss);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UserError(
      `the ${name} engine cannot start: ${reason}`,
      'kn doctor says more; without --engine, kn takes one that runs here.',
      { cause: error },
    );
  }
}
