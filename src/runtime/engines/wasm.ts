/** The `wasm` engine: XNNPACK in WebAssembly, one thread, on any machine. */
import * as tf from '@tensorflow/tfjs-core';
import type { Engine } from '../engine.js';

export async function startWasm(): Promise<Engine> {
  const { version_wasm: version } = await import('@tensorflow/tfjs-backend-wasm');
  await withoutNewListeners(async () => {
    if (!(await tf.setBackend('wasm'))) throw new Error('tfjs-backend-wasm did not start');
    await tf.ready();
  });
  return { name: 'wasm', version: `tfjs-backend-wasm ${version}` };
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
