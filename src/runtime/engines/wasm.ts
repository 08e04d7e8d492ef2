/** The `wasm` engine: XNNPACK in WebAssembly, one thread, on any machine. */
import * as tf from '@tensorflow/tfjs-core';
import { OutOfMemoryError, UserError } from '../../errors.js';
import type { Engine } from './engine.js';

export async function startWasm(): Promise<Engine> {
  const { version_wasm: version } = await import('@tensorflow/tfjs-backend-wasm');
  await withoutNewListeners(() =>
    refusingFullMemory(async () => {
      const { result: started, said } = await listening(async () => tf.setBackend('wasm'));
      if (!started) throw notStarted(said);
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
  try {
    await start();
  } finally {
    for (const listener of process.listeners('uncaughtException')) {
      if (!uncaught.includes(listener)) process.off('uncaughtException', listener);
    }
    for (const listener of process.listeners('unhandledRejection')) {
      if (!unhandled.includes(listener)) process.off('unhandledRejection', listener);
    }
  }
}

/** Emscripten and tfjs print why there is no engine, and throw nothing: what they print meanwhile is kept from the terminal. */
async function listening<T>(work: () => Promise<T>): Promise<{ result: T; said: readonly string[] }> {
  const said: string[] = [];
  const { warn, error } = console;
  let isOver = false;
  // Emscripten keeps the function that it finds: later warnings are to be seen.
  const listen =
    (print: typeof warn) =>
    (...words: unknown[]) => {
      if (isOver) print(...words);
      else said.push(words.map(String).join(' '));
    };
  Object.assign(console, { warn: listen(warn), error: listen(error) });
  try {
    return { result: await work(), said };
  } finally {
    isOver = true;
    Object.assign(console, { warn, error });
  }
}

/** What Emscripten puts before the reason. */
const PREPARING = /^failed to asynchronously prepare wasm: (\w*Error: )?/;

function notStarted(said: readonly string[]): UserError {
  const reason = said.find(line => PREPARING.test(line)) ?? said[0] ?? 'tfjs-backend-wasm does not say why';
  return new UserError(
    `the wasm engine cannot start: ${reason.replace(PREPARING, '').split('\n')[0]}`,
    /memory/i.test(reason)
      ? 'Free some memory, or raise ulimit -v: Node 20 and 22 reserve 10 GB of addresses, which take no memory, unless NODE_OPTIONS is --disable-wasm-trap-handler.'
      : 'Install the packages again (npm ci), or take another --engine.',
  );
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
