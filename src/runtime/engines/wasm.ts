/** The `wasm` engine: XNNPACK in WebAssembly, one thread, on any machine. */
import * as tf from '@tensorflow/tfjs-core';
import { OutOfMemoryError } from '../../errors.js';
import type { Engine } from './engine.js';

export async function startWasm(): Promise<Engine> {
  const { version_wasm: version } = await import('@tensorflow/tfjs-backend-wasm');
  await withoutNewListeners(() =>
    refusingFullMemory(async () => {
      if (!(await tf.setBackend('wasm'))) throw new Error('tfjs-backend-wasm did not start');
      await tf.ready();
    }),
  );
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

/**
 * Throws where the engine's memory, 4 GB at the most, cannot grow. tfjs does not look whether it got what it asked for:
 * it would write a tensor over the start of the memory, or leave a product out with a warning.
 */
async function refusingFullMemory(start: () => Promise<void>): Promise<void> {
  const webAssembly: Instantiation = Reflect.get(globalThis, 'WebAssembly');
  const { instantiate } = webAssembly;
  webAssembly.instantiate = (module, imports) => {
    const { env } = imports;
    const grow = env.emscripten_resize_heap;
    env.emscripten_resize_heap = bytes => {
      if (grow(bytes)) return 1;
      throw new OutOfMemoryError("the wasm engine's memory is full", 'Take a smaller --batch-memory.');
    };
    return instantiate(module, imports);
  };
  try {
    await start();
  } finally {
    webAssembly.instantiate = instantiate;
  }
}

/** The part of WebAssembly's interface that is used, which Node's types leave out. */
interface Instantiation {
  instantiate(module: unknown, imports: { readonly env: Record<string, (bytes: number) => number> }): unknown;
}
