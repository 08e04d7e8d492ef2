/** The webgpu engine in this process: its numbers, its limits, and its end. */
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { attribute } from '../../attribution/attribute.js';
import type { Rule } from '../../attribution/rules.js';
import { DEMO_MODEL } from '../../embedded.js';
import { OutOfMemoryError, type UserError } from '../../errors.js';
import { valueAndSlope } from '../../model/layers/nonlinearity.js';
import { type LoadedModel, loadModel } from '../../model/load.js';
import { answerIds } from '../../model/tokenizer/tokenizer.js';
import { gelu as exactGelu } from '../../testing/reference-loops.js';
import { describeOnSwiftShader } from '../../testing/swiftshader.js';
import { startEngine } from '../engine.js';
import { boundFreeBuffers } from './webgpu-buffers.js';

function webgpuBackend(): WebGPUBackend {
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) throw new Error('another engine runs');
  return backend;
}

function scoresOf(
  { model, tokenizer }: LoadedModel,
  prompt: string,
  answer: string,
  rule: Rule,
  steps: number,
) {
  const { tokens, position } = tokenizer.encode(prompt, model.maxTokens);
  const batch = { tokens: [tokens], positions: [position] };
  return attribute(model, batch, [answerIds(tokenizer, answer)[0]], { rule, steps });
}

describeOnSwiftShader('the webgpu engine on SwiftShader', env => {
  beforeAll(async () => {
    Object.assign(process.env, env);
    await startEngine('webgpu');
  });

  it('keeps an absolute error of 1e-6 in gelu and its slope, from -12 to 12', async () => {
    const x = Float64Array.from({ length: 2401 }, (_, i) => (i - 1200) / 100);
    const { value, slope } = valueAndSlope('gelu', tf.tensor2d(Float32Array.from(x), [1, x.length]));
    const slopeAt = (v: number) => (exactGelu(v + 1e-5) - exactGelu(v - 1e-5)) / 2e-5;
    const worst = (a: ArrayLike<number>, b: Float64Array) =>
      b.reduce((most, v, i) => Math.max(most, Math.abs(v - a[i])), 0);
    expect(worst(await value.data(), x.map(exactGelu))).toBeLessThan(1e-6);
    expect(worst(await slope.data(), x.map(slopeAt))).toBeLessThan(1e-6);
  });

  it('gives the same bits each time, and leaves no tensor behind', async () => {
    const demo = await loadModel(DEMO_MODEL);
    const scores = () => scoresOf(demo, 'france is governed from [MASK].', 'paris', 'riemann_endpoints', 20);
    const first = await scores();
    const { numTensors } = tf.memory();
    expect(await scores()).toEqual(first);
    expect(tf.memory().numTensors).toBe(numTensors);
    demo.model.dispose();
  });

  it('adds up a long sum in the same order each time: of 30,000 products, to the last bit', async () => {
    const [x, y] = [tf.randomUniform([4, 30_000]), tf.randomUniform([30_000, 64])];
    const once = await tf.matMul<tf.Tensor2D>(x, y).data();
    for (let again = 0; again < 5; again++) expect(await tf.matMul<tf.Tensor2D>(x, y).data()).toEqual(once);
  });

  it('asks a software adapter seldom whether it is done, and keeps no other callback waiting', async () => {
    let turns = 0;
    for (let again = 0; again < 20; again++) {
      const calls: string[] = [];
      setImmediate(Array.prototype.push.bind(calls, 'native'));
      for (; calls.length === 0; turns++) await new Promise<void>(turn => setImmediate(() => turn()));
    }
    expect(turns).toBeGreaterThan(2 * 20);

    const asked = vi.spyOn(globalThis, 'setImmediate');
    await tf.square(tf.ones([300, 300])).data();
    expect(asked.mock.calls.map(([callback]) => String(callback))).toContain('function () { [native code] }');
  });

  it('refuses a tensor over the limit of the GPU, with both sizes, before it is made', () => {
    const { limits } = webgpuBackend().device;
    const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
    expect(most).toBeGreaterThan(256 * 2 ** 20); // WebGPU's default: all that the adapter has is asked for
    const { numTensors } = tf.memory();
    expect(() => tf.zeros([most / 4 + 1, 2])).toThrow(OutOfMemoryError);
    expect(() => tf.zeros([most / 4 + 1, 2])).toThrow(
      `a tensor of [${most / 4 + 1},2] takes ${Math.ceil((2 * most + 8) / 1e6)} MB, and SwiftShader`,
    );
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describeOnSwiftShader('the webgpu engine, started anew,', env => {
  let losses: UserError[];
  beforeEach(async () => {
    Object.assign(process.env, env);
    if (tf.findBackend('webgpu')) tf.removeBackend('webgpu');
    losses = [];
    await startEngine('webgpu', error => losses.push(error));
  });

  it('keeps no more idle memory than it may, over tensors of ever new sizes', async () => {
    const { bufferManager } = webgpuBackend();
    const idle = () => bufferManager.numBytesAllocated - bufferManager.numBytesUsed;
    boundFreeBuffers(bufferManager, 1e6);
    for (let size = 10_000; size < 60_000; size += 1000) {
      const sum = tf.tidy(() => tf.sum(tf.add(tf.ones([size]), 1)));
      expect((await sum.data())[0]).toBe(2 * size);
      sum.dispose();
      expect(idle()).toBeLessThanOrEqual(1e6);
    }
    expect(idle()).toBeGreaterThan(0);
  });

  it('is the same engine where it is started twice', async () => {
    const backend = webgpuBackend();
    expect(await startEngine('webgpu')).toEqual(await startEngine('webgpu'));
    expect(webgpuBackend()).toBe(backend);
  });

  it('whose GPU is lost in the middle of a read refuses the read, and tells whoever wants to know', async () => {
    const sum = tf.sum(tf.ones([10_000]));
    const reading = sum.data();
    webgpuBackend().device.destroy();
    const message = 'SwiftShader Device (Subzero): the GPU was lost while it computed (device was destroyed)';
    await expect(reading).rejects.toMatchObject({ name: 'UserError', message });
    expect(losses.map(error => error.message)).toEqual([message]);
    await expect(tf.sum(tf.ones([10_000])).data()).rejects.toThrow(message);
  });

  it('whose GPU refuses a buffer refuses every read from then on, also of what was there', async () => {
    const old = tf.ones([3000]);
    const { device } = webgpuBackend();
    device.createBuffer({ size: 2 * device.limits.maxBufferSize, usage: GPUBufferUsage.STORAGE });
    await expect(old.data()).rejects.toThrow(/the GPU refused to compute \(Buffer size \(\d+\) exceeds/);
    expect(losses).toHaveLength(1);
  });

  it('whose memory is full says so as an error that a smaller batch mends, in another process', async () => {
    const old = tf.ones([3000]);
    // As Dawn tells it; a GPU that is really full would take this machine's memory with it.
    const event = Object.assign(new Event('uncapturederror'), {
      error: new GPUOutOfMemoryError('no memory'),
    });
    webgpuBackend().device.dispatchEvent(event);
    await expect(old.data()).rejects.toMatchObject({ name: 'OutOfMemoryError', isLasting: true });
    expect(losses).toHaveLength(1);
  });
});
