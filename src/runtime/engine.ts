/**
 * The engines that compute tensors. One is started in a process, once; the model's code then runs on it without
 * knowing which it is.
 */
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../errors.js';
import type { EngineChoice, EngineName } from './engine-names.js';

export interface Engine {
  readonly name: EngineName;
  /** What computes, with its version: part of what decides a result's last digits. */
  readonly version: string;
}

/** Not a dependency: its install step downloads libtensorflow. It is used where a user has installed it. */
const TENSORFLOW_PACKAGE = '@tensorflow/tfjs-node';

/**
 * Starts an engine in this process. `auto` is `tensorflow` where its package is there and loads, else `wasm`.
 * @throws UserError where the engine that was asked for cannot run here
 */
export async function startEngine(choice: EngineChoice): Promise<Engine> {
  if (choice === 'wasm') return startWasm();
  try {
    return await startTensorflow();
  } catch (error) {
    if (choice === 'auto') return startWasm();
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UserError(
      `the tensorflow engine cannot start: ${reason}`,
      `Install ${TENSORFLOW_PACKAGE} beside knowledge-neurons, or leave --engine out.`,
      { cause: error },
    );
  }
}

async function startWasm(): Promise<Engine> {
  const { version_wasm: version } = await import('@tensorflow/tfjs-backend-wasm');
  await withoutNewListeners(async () => {
    if (!(await tf.setBackend('wasm'))) throw new Error('tfjs-backend-wasm did not start');
    await tf.ready();
  });
  return { name: 'wasm', version: `tfjs-backend-wasm ${version}` };
}

async function startTensorflow(): Promise<Engine> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const { version } = (await import(TENSORFLOW_PACKAGE)) as { version: Record<string, string> };
  if (!(await tf.setBackend('tensorflow'))) throw new Error(`${TENSORFLOW_PACKAGE} registered no backend`);
  await tf.ready();
  return { name: 'tensorflow', version: `tfjs-node ${version['tfjs-node'] ?? ''}`.trim() };
}

/**
 * Emscripten's start-up code listens for every uncaught error of the process, only to throw it again from its
 * own minified file, of which Node then prints thousands of characters. Its listeners are taken off again.
 */
async function withoutNewListeners(start: () => Promise<void>): Promise<void> {
  const uncaught = process.listeners('uncaughtException');
  const unhandled = process.listeners('unhandledRejection');
  await start();
  for (const listener of process.listeners('uncaughtException')) {
    if (!uncaught.includes(listener)) process.off('uncaughtException', listener);
  }
  for (const listener of process.listeners('unhandledRejection')) {
    if (!unhandled.includes(listener)) process.off('unhandledRejection', listener);
  }
}
