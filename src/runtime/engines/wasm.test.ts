import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

it('the wasm engine throws where its memory is full, and every number before that is right', () => {
  const script = `
    import * as tf from '@tensorflow/tfjs-core';
    import { startEngine } from ${JSON.stringify(here('../../../dist/runtime/engine.js'))};
    await startEngine('wasm');
    const tensors = [];
    let error;
    try {
      for (let i = 0; i < 20; i++) tensors.push(tf.fill([1024, 8192], i)); // 32 MB each
    } catch (thrown) {
      error = thrown;
    }
    // A tensor that was written over the start of the memory would have damaged those before it, or this one.
    const wrong = tensors.filter((tensor, i) => tensor.dataSync().some(value => value !== i)).length;
    tf.dispose(tensors.slice(1));
    const product = tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).dataSync();
    console.log(JSON.stringify({ name: error?.name, made: tensors.length, wrong, product: product[7] }));`;
  const stdout = execFileSync(
    process.execPath,
    ['--import', here('../../testing/small-wasm-memory.mjs'), '--input-type=module', '-e', script],
    { cwd: here('../../..'), encoding: 'utf8', env: { ...process.env, KN_TEST_WASM_MB: '256' } },
  );
  const { name, made, wrong, product } = JSON.parse(stdout);
  expect(name).toBe('OutOfMemoryError');
  expect(made).toBeGreaterThan(3);
  expect(wrong).toBe(0);
  expect(product).toBe(64);
});
